import { Go } from './go.tsx';

/** Leads to what something was made from and what was made of it. */
export function LineageLink({ kind, id }: { kind: string; id: string }) {
  return (
    <Go to={`/lineage/${kind}/${id}`} className="text-button">
      Lineage
    </Go>
  );
}
