import { mlflowRoute, type MlflowRoute } from '../route.ts';

/** What clients ask before they send or fetch files: there are no parts and no signed addresses here. */
export const serverInfoRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'GET',
    path: 'server-info',
    versions: ['3.0'],
    summary: 'What this server offers to MLflow clients',
    fields: {},
    handle: () => ({
      store_type: 'SqlStore',
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
      presigned_upload_run_id_supported: false,
      presigned_upload_model_id_supported: false,
      features_enabled: { gateway: false },
    }),
  }),
];
