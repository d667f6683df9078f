import type { ErrorTable } from './error-entry.ts';

export const projectsErrors = {
  GIT_MISSING: {
    status: 500,
    exit: 5,
    help: 'Install git, or take "ci:" out of rondo.yaml to work without commits.',
  },
  GIT_FAILED: {
    status: 500,
    exit: 1,
    help: 'Try the same git command by hand in the project.',
  },
  COMMIT_UNKNOWN: {
    status: 404,
    exit: 3,
    help: 'See "rondo commits". A commit is known once the server has seen it on the watched branch.',
  },
  COMMIT_AMBIGUOUS: { status: 409, exit: 2, help: 'Give more digits of the commit.' },
  NOTHING_DEPLOYED: {
    status: 409,
    exit: 4,
    help: 'Commits are deployed when rondo.yaml has a "ci:" section and they pass its checks.',
  },
  NO_DEPLOYMENT_BEFORE: {
    status: 409,
    exit: 4,
    help: 'See "rondo deployments". Revert the commit in git instead.',
  },
  PIPELINE_BUSY: {
    status: 409,
    exit: 4,
    help: 'Wait for its end, or stop it with "rondo cancel RUN", and try again.',
  },
  VIEWS_NOT_DEPLOYED: {
    status: 409,
    exit: 4,
    help: 'Commit the change; feature values are kept for what is deployed.',
  },
} as const satisfies ErrorTable;
