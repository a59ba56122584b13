// What the pages of the examples share: a connection that shows its state, and tables that are kept up to date.
import { WeirClient } from '/weir/client/index.js';

export const client = new WeirClient({ url: location.origin });

/**
 * Calls `show` with all rows of a table whenever they change, at most once a frame, and says in `state` whether it is live.
 * @param {string} sql a push query on a table, `SELECT … EMIT CHANGES;`
 * @param {(rows: readonly object[]) => void} show
 * @param {HTMLElement} [state]
 */
export async function keep(sql, show, state) {
  let rows = [];
  let asked = false;
  const draw = () => {
    asked = false;
    show(rows);
  };
  for (;;) {
    try {
      for await (const table of client.live(sql)) {
        if (state) state.dataset.state = 'live';
        rows = [...table.values()];
        if (!asked) {
          asked = true;
          requestAnimationFrame(draw);
        }
      }
    } catch (e) {
      console.warn(e);
    }
    if (state) state.dataset.state = 'away';
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Replaces the rows of a table's body; cells are texts, or nodes. */
export function fill(tbody, rows) {
  tbody.replaceChildren(
    ...rows.map((cells) => {
      const tr = document.createElement('tr');
      for (const cell of cells) {
        const td = document.createElement('td');
        td.append(cell ?? '');
        if (typeof cell === 'number') td.className = 'number';
        tr.append(td);
      }
      return tr;
    }),
  );
}
