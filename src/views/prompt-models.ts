import { sql, type Expression, type SqlBool } from 'kysely';

/** Leaves out models that are prompts to MLflow: they have no files and no life here. */
export function isModel(): Expression<SqlBool> {
  return sql<SqlBool>`not exists (select 1 from model_tags where model_tags.model = models.name and model_tags.key = 'mlflow.prompt.is_prompt' and model_tags.value = 'true')`;
}
