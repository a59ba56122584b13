import { describe, expect, it } from 'vitest';
import { language } from '../../cli/language.js';
import { Catalog, type NameKind, type Names } from '../../shell/complete/catalog.js';
import { complete } from '../../shell/complete/complete.js';

const column = (name: string, fields: string[] = []) => ({
  name,
  fields: fields.map((f) => ({ name: f, fields: [] })),
});
const NAMES: Names = {
  sources: [
    { name: 'RIDES', isTable: false, columns: [column('ID'), column('FARE'), column('ADDRESS', ['CITY', 'STREET'])] },
    { name: 'RIDERS', isTable: true, columns: [column('ID'), column('NAME'), column('lower')] },
  ],
  functions: ['COUNT', 'CONCAT', 'UCASE'],
  types: ['ADDRESS_T'],
  queries: ['CTAS_RIDERS_1'],
  topics: ['rides', 'riders'],
  settings: ['auto.offset.reset', 'commit.interval.ms'],
  connectors: ['SINK1'],
};

/** What is offered at the `^` in a text. */
const at = async (text: string) => {
  const cursor = text.includes('^') ? text.indexOf('^') : text.length;
  const typed = text.replace('^', '');
  const asked: NameKind[] = [];
  const { start, end, candidates } = await complete(typed, cursor, {
    get: async (kinds) => {
      asked.push(...kinds);
      return NAMES;
    },
    variables: () => ['who'],
    language: async () => language,
  });
  return { replaces: typed.slice(start, end), candidates, asked };
};
const offered = async (text: string) => (await at(text)).candidates;

describe('completion from the grammar', () => {
  it('statements begin with their keywords, in the case that is typed', async () => {
    expect(await offered('SEL')).toEqual(['SELECT']);
    expect(await offered('cre')).toEqual(['create']);
    expect(await offered('SHOW TYPES; DES')).toEqual(['DESCRIBE']);
    expect(await offered('')).toContain('INSERT');
  });

  it('offers what may follow', async () => {
    expect(await offered('CREATE OR ')).toEqual(['REPLACE']);
    expect(await offered('SELECT * FROM rides E')).toEqual(['EMIT']);
    expect(await offered('SELECT * FROM rides EMIT ')).toEqual(['CHANGES', 'FINAL']);
    expect(await offered('SELECT id FROM riders ORD')).toContain('ORDER');
    expect(await offered('SELECT id, COUNT(*) FROM rides WINDOW TUM')).toEqual(['TUMBLING']);
    expect(await offered('SHOW T')).toEqual(['TABLES', 'TOPICS', 'TYPES']);
  });

  it('goes on in the case in which the statement begins', async () => {
    expect(await offered('select * from rides emit ')).toEqual(['changes', 'final']);
    expect(await offered('select id from ')).toEqual(expect.arrayContaining(['rides', 'riders']));
    expect(await offered('select id from RI')).toEqual(['RIDES', 'RIDERS']);
  });

  it('offers nothing in comments, and for what is new', async () => {
    expect(await offered('SELECT /* SEL')).toEqual([]);
    expect(await offered('CREATE STREAM ri')).toEqual([]);
    expect(await offered('SELECT id AS ri')).toEqual([]);
  });
});

describe('completion from the catalog', () => {
  it('sources', async () => {
    expect(await at('SELECT * FROM ri')).toMatchObject({ replaces: 'ri', candidates: ['rides', 'riders'] });
    expect(await offered('SELECT * FROM rides r JOIN rider')).toEqual(['riders']);
    expect(await offered('INSERT INTO RID')).toEqual(['RIDES', 'RIDERS']);
    expect(await offered('DESCRIBE ridE')).toEqual(['rides', 'riders']);
    expect(await offered('DROP TABLE rider')).toEqual(['riders']);
  });

  it('of the kind that the statement is about', async () => {
    expect(await offered('DROP STREAM R')).toEqual(['RIDES']);
    expect(await offered('DROP TABLE IF EXISTS ')).toEqual(['RIDERS']);
  });

  it('columns of the sources that the statement names, also behind the place', async () => {
    expect(await offered('SELECT f^ FROM rides;')).toContain('fare');
    expect(await offered('SELECT ^ FROM riders;')).toEqual(expect.arrayContaining(['ID', 'NAME', '`lower`', 'COUNT(']));
    expect(await offered('SELECT ^ FROM riders;')).not.toContain('FARE');
    expect(await offered('SELECT * FROM rides WHERE far')).toEqual(['fare']);
    expect(await offered('SELECT r.f^ FROM rides AS r')).toEqual(['fare']);
    expect(await offered('SELECT p.^ FROM rides r JOIN riders p ON r.id = p.id')).toEqual(['ID', 'NAME', '`lower`']);
    expect(await offered('SELECT address->c^ FROM rides')).toEqual(['city']);
    expect(await offered('SELECT r.address->^ FROM rides r')).toEqual(['CITY', 'STREET']);
    expect(await offered('INSERT INTO riders (na')).toEqual(['name']);
    expect(await offered('SELECT `lo^ FROM riders')).toEqual(['`lower`']);
  });

  it('functions, types, queries, topics, settings, variables', async () => {
    expect(await offered('SELECT UC')).toEqual(['UCASE(']);
    expect(await offered('DESCRIBE FUNCTION co')).toEqual(['count', 'concat']);
    expect(await offered('CREATE STREAM s (a ADD')).toEqual(['ADDRESS_T']);
    expect(await offered('CREATE STREAM s (a STR')).toEqual(['STRING', 'STRUCT<']);
    expect(await offered('TERMINATE CT')).toEqual(['CTAS_RIDERS_1']);
    expect(await offered('EXPLAIN CT')).toContain('CTAS_RIDERS_1');
    expect(await offered("PRINT 'rid")).toEqual(["rides'", "riders'"]);
    expect(await offered('PRINT ')).toContain("'rides'");
    expect(await offered("SET 'auto")).toEqual(["auto.offset.reset'"]);
    expect(await offered("SET 'auto.offset.reset'='e")).toEqual(["earliest';"]);
    expect(await offered('CREATE STREAM s WITH (KAFKA')).toEqual(['KAFKA_TOPIC=']);
    expect(await offered("CREATE STREAM s WITH (VALUE_FORMAT='J")).toEqual(["JSON'", "JSON_SR'"]);
    expect(await offered("SELECT * FROM rides WHERE id = '${w")).toEqual([]);
    expect(await offered('SELECT * FROM ${w')).toEqual(['who}']);
  });

  it('asks only for what it needs', async () => {
    expect((await at('SEL')).asked).toEqual([]);
    expect((await at('TERMINATE ')).asked).toEqual(['queries']);
  });
});

describe('completion of commands', () => {
  it('names and arguments', async () => {
    expect(await offered('\\t')).toEqual(['\\timing', '\\time']);
    expect(await offered('\\x au')).toEqual(['auto']);
    expect(await offered('OUTPUT v')).toEqual(['vertical']);
    expect(await offered('\\h CREATE ST')).toEqual(['CREATE STREAM', 'CREATE STREAM AS SELECT']);
    expect(await offered('\\h uc')).toEqual(['UCASE']);
    expect(await offered('\\d ride')).toEqual(['rides', 'riders']);
    expect(await offered('\\live SELECT * FROM ride')).toEqual(['rides', 'riders']);
    expect(await offered("RUN SCRIPT 'package.j")).toEqual(['package.json']);
  });
});

describe('the catalog', () => {
  const answers: Record<string, object[]> = {
    'SHOW FUNCTIONS;': [{ functions: [{ name: 'ABS' }] }],
  };
  /** A clock that stands still until it is told: what is waited for comes due by `pass`. */
  const clockOf = () => {
    let now = 0;
    let due: { at: number; call: () => void }[] = [];
    return {
      now: () => now,
      after: (ms: number, call: () => void) => {
        const entry = { at: now + ms, call };
        due.push(entry);
        return () => (due = due.filter((d) => d !== entry));
      },
      pass: (ms: number) => {
        now += ms;
        for (const d of due.filter((d) => d.at <= now)) d.call();
        due = due.filter((d) => d.at > now);
      },
    };
  };

  it('asks once, and again when what it has is old or forgotten', async () => {
    const clock = clockOf();
    const asked: string[] = [];
    const catalog = new Catalog(async (sql) => {
      asked.push(sql);
      return answers[sql] as Record<string, unknown>[];
    }, clock);
    expect(await catalog.get(['functions'])).toEqual({ functions: ['ABS'] });
    await catalog.get(['functions']);
    expect(asked).toHaveLength(1);
    clock.pass(60_000);
    // What is old is given at once, and asked for again behind that.
    expect(await catalog.get(['functions'])).toEqual({ functions: ['ABS'] });
    expect(asked).toHaveLength(2);
    catalog.forget();
    await catalog.get(['functions']);
    expect(asked).toHaveLength(3);
  });

  it('does not wait for a slow server, and goes without one that fails', async () => {
    const clock = clockOf();
    const slow = new Catalog(() => new Promise(() => {}), clock);
    const answer = slow.get(['functions']);
    clock.pass(1_000);
    expect(await answer).toEqual({ functions: [] });
    const failing = new Catalog(() => Promise.reject(new Error('no server')), clock);
    expect(await failing.get(['functions'])).toEqual({ functions: [] });
  });
});
