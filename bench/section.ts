/** What a part of the benchmark is given and gives back. */

export type SectionOptions = {
  readonly isQuick: boolean;
  /** A folder of this section's own, not there yet. */
  readonly stateDir: string;
  /** Shows what is going on; "" = nothing. */
  readonly progress: (text: string) => void;
};

export type Section = {
  readonly title: string;
  readonly tables: readonly Table[];
  /** Sentences below the tables. */
  readonly notes: readonly string[];
  /** The same numbers for machines. */
  readonly data: unknown;
};

/** The first row is the header; the first column is text, the others are numbers or short words. */
export type Table = readonly (readonly string[])[];

export type SectionRun = (options: SectionOptions) => Promise<Section>;
