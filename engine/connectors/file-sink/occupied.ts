import { ConnectorFailed } from '../connector.js';

export const occupied = (where: string, cause?: unknown): ConnectorFailed =>
  new ConnectorFailed(
    `There is a file ${where} with other contents, and nothing is overwritten.`,
    'Move it away, or give the connector another folder or prefix.',
    { cause },
  );
