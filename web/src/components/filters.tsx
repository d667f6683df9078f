import { Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';

/** One value out of a few; empty is any. */
export function SelectFilter({
  label,
  data,
  value,
  change,
  width = 150,
  searchable = false,
}: {
  label: string;
  data: readonly (string | { value: string; label: string })[];
  value: string | undefined;
  change: (value: string) => void;
  width?: number;
  searchable?: boolean;
}) {
  return (
    <Select
      aria-label={label}
      placeholder={`Any ${label.toLowerCase()}`}
      data={data}
      value={value ?? null}
      onChange={(chosen) => change(chosen ?? '')}
      clearable
      searchable={searchable}
      w={width}
    />
  );
}

/** Text to look for; `/` brings the cursor here. */
export function TextFilter({
  label,
  value,
  change,
  width = 280,
}: {
  label: string;
  value: string | undefined;
  change: (value: string) => void;
  width?: number;
}) {
  const later = useDebouncedCallback(change, 250);
  return (
    <TextInput
      data-filter
      placeholder={label}
      aria-label={label}
      defaultValue={value ?? ''}
      onChange={(event) => later(event.currentTarget.value)}
      w={width}
    />
  );
}
