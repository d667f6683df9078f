// MLflow's client prints links to its own screens, `/#/experiments/1/runs/ID`; here they lead to the same things. The
// router reads the address when it is made, so this comes before it.
const [, run, model, version] =
  /^#\/(?:experiments\/\d+\/runs\/([\w-]+)|models\/([^/?]+)(?:\/versions\/(\d+))?)/.exec(
    window.location.hash,
  ) ?? [];
const path =
  run === undefined
    ? model === undefined
      ? undefined
      : `/models/${model}${version === undefined ? '' : `/${version}`}`
    : `/runs/${run}`;
if (path !== undefined) window.history.replaceState(null, '', path);
else if (window.location.hash.startsWith('#/experiments'))
  window.history.replaceState(null, '', '/runs');
