/** The three kinds of schema that a registry keeps. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';

/** Another schema that a schema's text names: that of `subject` in `version`, known under `name`. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface SchemaText {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

export interface RegisteredSchema extends SchemaText {
  readonly id: number;
}
