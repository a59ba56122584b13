import { systemClock } from '../engine/base/clock.js';
import { UsageError } from './args.js';

const HELP = `usage: weir COMMAND [options]

  start        a server with the embedded log, queries/ deployed and taxi rides flowing
  server       a server, configured by file, environment and flags
  shell        the SQL shell
  plan         what deploying .sql files would change on a server
  apply        deploys .sql files to a server
  migrations   numbered .sql files, each applied once
  types        TypeScript types of a server's streams and tables
  datagen      make taxi rides and write them to a topic
  load         write a CSV or JSON file to a topic
  test         run tests of streaming SQL
  docs         write the reference pages

weir COMMAND --help tells more; weir --version says which Weir this is.`;

/** What to do about errors of the system that many meet. */
const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program answers there, maybe another Weir: stop it, or give another address (weir server --listeners, weir start --port).',
};

/** The exit status: 0 done, 1 failed, 2 wrong use. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...args] = argv;
  const interrupt = new AbortController();
  // Modules are loaded where they are needed: the shell does not wait for the server's.
  switch (command) {
    case 'start': {
      const { start } = await import('./start.js');
      return start(args);
    }
    case 'server': {
      const { server } = await import('./server.js');
      return server(args);
    }
    case 'shell': {
      const { shell } = await import('../shell/main.js');
      return shell(args, async () => (await import('./language.js')).language);
    }
    case 'datagen': {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
      const { datagen } = await import('./datagen.js');
      return datagen(args, systemClock, interrupt.signal);
    }
    case 'plan':
    case 'apply': {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
      const { deploy } = await import('./deploy.js');
      return deploy(command, args, { out: console.log, err: console.error, signal: interrupt.signal });
    }
    case 'migrations': {
      const { migrations } = await import('./migrations/command.js');
      return migrations(args, { out: console.log, clock: systemClock });
    }
    case 'types': {
      const { types } = await import('./types-command.js');
      return types(args, console.log);
    }
    case 'load': {
      const { load } = await import('./load/index.js');
      return load(args);
    }
    case 'docs': {
      const { docs } = await import('./docs.js');
      return docs(args);
    }
    case 'test': {
      const { test } = await import('./test-runner/command.js');
      return test(args);
    }
    case 'version':
    case '--version':
    case '-V':
      console.log(`weir ${(await import('../server/version.js')).ownVersion()}`);
      return 0;
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      if (command === 'help' && args[0] !== undefined && args[0] !== 'help') return main([args[0], '--help']);
      console.log(HELP);
      return command === undefined ? 2 : 0;
    default:
      console.error(`weir: there is no command '${command}'.\n\n${HELP}`);
      return 2;
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (e: unknown) => {
    const error = e as Error & { hint?: string; code?: string };
    const hint = error.hint ?? HINTS[error.code ?? ''];
    console.error(
      e instanceof UsageError
        ? `${error.message}\nweir ${process.argv[2]} --help tells more.`
        : `weir: ${error.message ?? String(e)}`,
    );
    if (hint !== undefined) console.error(`Hint: ${hint}`);
    if (process.env.WEIR_DEBUG !== undefined) console.error(error.stack);
    process.exitCode = e instanceof UsageError ? 2 : 1;
  },
);
