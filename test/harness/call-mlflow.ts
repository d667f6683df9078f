/** A model or version as MLflow's JSON has it. */
export type Item = { name: string; version: string; source: string } & Record<string, unknown>;
export type Answer = {
  status: number;
  body: {
    message: string;
    next_page_token?: string;
    artifact_uri?: string;
    registered_model: Item;
    model_version: Item;
    registered_models?: Item[];
    model_versions?: Item[];
  };
};

/** Calls an address of the MLflow protocol: fields go into the query of a GET and into the body otherwise. */
export async function callMlflow(
  base: string,
  method: string,
  path: string,
  fields: object = {},
): Promise<Answer> {
  const url = new URL(`/api/2.0/mlflow/${path}`, base);
  const init: RequestInit = { method };
  if (method === 'GET') {
    for (const [key, value] of Object.entries(fields))
      for (const one of [value].flat()) url.searchParams.append(key, String(one));
  } else {
    init.body = JSON.stringify(fields);
    init.headers = { 'content-type': 'application/json' };
  }
  const response = await fetch(url, init);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
