import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { Fault, PageSkeleton } from './components/page.tsx';
import { Frame } from './frame/frame.tsx';
import { NotFoundScreen } from './frame/not-found-screen.tsx';
import { HomeScreen } from './screens/home-screen.tsx';

/** Reads text from a search parameter, undefined when it is none. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
function number(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}
/** Keeps what is set, so that addresses stay short. */
function set<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
/** The one time range of a page: both ends in calendar ms. */
const range = (search: Record<string, unknown>) => ({
  from: number(search.from),
  to: number(search.to),
});

const root = createRootRoute({ component: Frame, notFoundComponent: NotFoundScreen });
const home = createRoute({ getParentRoute: () => root, path: '/', component: HomeScreen });
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>) =>
    set({
      pipeline: text(search.pipeline),
      state: text(search.state),
      cause: text(search.cause),
      text: text(search.text),
    }),
  component: lazyRouteComponent(() => import('./screens/runs-screen.tsx'), 'RunsScreen'),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: (search: Record<string, unknown>) => set({ step: text(search.step) }),
  component: lazyRouteComponent(() => import('./screens/run-screen.tsx'), 'RunScreen'),
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('./screens/models-screen.tsx'), 'ModelsScreen'),
});
const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$model',
  validateSearch: (search: Record<string, unknown>) => set(range(search)),
  component: lazyRouteComponent(() => import('./screens/model-screen.tsx'), 'ModelScreen'),
});
const version = createRoute({
  getParentRoute: () => root,
  path: '/models/$model/$version',
  component: lazyRouteComponent(() => import('./screens/version-screen.tsx'), 'VersionScreen'),
});
const releases = createRoute({
  getParentRoute: () => root,
  path: '/releases',
  validateSearch: (search: Record<string, unknown>) =>
    set({ endpoint: text(search.endpoint), state: text(search.state) }),
  component: lazyRouteComponent(() => import('./screens/releases-screen.tsx'), 'ReleasesScreen'),
});
const release = createRoute({
  getParentRoute: () => root,
  path: '/releases/$release',
  component: lazyRouteComponent(() => import('./screens/release-screen.tsx'), 'ReleaseScreen'),
});
const endpoints = createRoute({
  getParentRoute: () => root,
  path: '/endpoints',
  component: lazyRouteComponent(() => import('./screens/endpoints-screen.tsx'), 'EndpointsScreen'),
});
const endpoint = createRoute({
  getParentRoute: () => root,
  path: '/endpoints/$endpoint',
  validateSearch: (search: Record<string, unknown>) => set(range(search)),
  component: lazyRouteComponent(() => import('./screens/endpoint-screen.tsx'), 'EndpointScreen'),
});
const monitors = createRoute({
  getParentRoute: () => root,
  path: '/monitors',
  component: lazyRouteComponent(() => import('./screens/monitors-screen.tsx'), 'MonitorsScreen'),
});
const monitoring = createRoute({
  getParentRoute: () => root,
  path: '/monitors/$endpoint',
  validateSearch: (search: Record<string, unknown>) => set(range(search)),
  component: lazyRouteComponent(
    () => import('./screens/monitoring-screen.tsx'),
    'MonitoringScreen',
  ),
});
const alarm = createRoute({
  getParentRoute: () => root,
  path: '/alarms/$alarm',
  component: lazyRouteComponent(() => import('./screens/alarm-screen.tsx'), 'AlarmScreen'),
});
const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  component: lazyRouteComponent(() => import('./screens/datasets-screen.tsx'), 'DatasetsScreen'),
});
const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$dataset',
  component: lazyRouteComponent(() => import('./screens/dataset-screen.tsx'), 'DatasetScreen'),
});
const datasetVersion = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$dataset/$version',
  validateSearch: (search: Record<string, unknown>) => set({ compare: text(search.compare) }),
  component: lazyRouteComponent(
    () => import('./screens/dataset-version-screen.tsx'),
    'DatasetVersionScreen',
  ),
});
const features = createRoute({
  getParentRoute: () => root,
  path: '/features',
  component: lazyRouteComponent(() => import('./screens/features-screen.tsx'), 'FeaturesScreen'),
});
const feature = createRoute({
  getParentRoute: () => root,
  path: '/features/$feature',
  component: lazyRouteComponent(() => import('./screens/feature-screen.tsx'), 'FeatureScreen'),
});
const commits = createRoute({
  getParentRoute: () => root,
  path: '/commits',
  component: lazyRouteComponent(() => import('./screens/commits-screen.tsx'), 'CommitsScreen'),
});
const commit = createRoute({
  getParentRoute: () => root,
  path: '/commits/$commit',
  component: lazyRouteComponent(() => import('./screens/commit-screen.tsx'), 'CommitScreen'),
});
const triggers = createRoute({
  getParentRoute: () => root,
  path: '/triggers',
  validateSearch: (search: Record<string, unknown>) =>
    set({ trigger: text(search.trigger), state: text(search.state) }),
  component: lazyRouteComponent(() => import('./screens/triggers-screen.tsx'), 'TriggersScreen'),
});
const maturity = createRoute({
  getParentRoute: () => root,
  path: '/maturity',
  validateSearch: (search: Record<string, unknown>) => set({ days: number(search.days) }),
  component: lazyRouteComponent(() => import('./screens/maturity-screen.tsx'), 'MaturityScreen'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>) =>
    set({
      type: text(search.type),
      subject: text(search.subject),
      actor: text(search.actor),
      ...range(search),
    }),
  component: lazyRouteComponent(() => import('./screens/audit-screen.tsx'), 'AuditScreen'),
});
const event = createRoute({
  getParentRoute: () => root,
  path: '/events/$event',
  component: lazyRouteComponent(() => import('./screens/event-screen.tsx'), 'EventScreen'),
});
const lineage = createRoute({
  getParentRoute: () => root,
  path: '/lineage/$kind/$',
  validateSearch: (search: Record<string, unknown>) => set({ open: text(search.open) }),
  component: lazyRouteComponent(() => import('./screens/lineage-screen.tsx'), 'LineageScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    runs,
    run,
    models,
    model,
    version,
    releases,
    release,
    endpoints,
    endpoint,
    monitors,
    monitoring,
    alarm,
    datasets,
    dataset,
    datasetVersion,
    features,
    feature,
    commits,
    commit,
    triggers,
    maturity,
    audit,
    event,
    lineage,
  ]),
  defaultPreload: 'intent',
  defaultPendingMs: 100,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: ({ error }) => (
    <Fault error={error instanceof Error ? error : new Error(String(error))} />
  ),
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
