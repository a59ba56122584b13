/** `/docs`: what `/openapi.json` says, for people. One file, nothing from elsewhere. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: light-dark(#dfe3e8, #30363f); --faint: light-dark(#5c6470, #9aa3b0); }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
summary span, p { color: var(--faint); }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 20rem; white-space: pre-wrap; }
b { min-width: 3rem; }
form { display: flex; flex-wrap: wrap; gap: .4rem; }
input { font: inherit; padding: .1rem .4rem; min-width: 0; flex: 1 1 12rem; }
</style>
</head>
<body>
<h1>API</h1>
<p>Made from <a href="/openapi.json">/openapi.json</a>.</p>
<main>Loading…</main>
<script type="module">
const element = (tag, ...children) => {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
};
const { paths } = await (await fetch('/openapi.json')).json();
const main = document.querySelector('main');
main.replaceChildren();
for (const [path, methods] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const head = element('summary', element('b', method.toUpperCase()), element('code', path), element('span', operation.summary ?? ''));
    const details = element('details', head);
    const parameters = (operation.parameters ?? []).map((p) => element('li', element('code', p.name), ' ' + (p.description ?? p.in)));
    if (parameters.length > 0) details.append(element('ul', ...parameters));
    if (method === 'get') {
      const input = document.createElement('input');
      input.value = path;
      input.ariaLabel = 'path';
      const answer = element('pre');
      const form = element('form', input, element('button', 'GET'));
      form.onsubmit = async (event) => {
        event.preventDefault();
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 5000);
        try {
          const response = await fetch(input.value, { signal: stop.signal });
          answer.textContent = response.status + ' ' + (await response.text());
        } catch (e) {
          answer.textContent = String(e);
        }
      };
      details.append(form, answer);
    }
    const body = operation.requestBody?.content;
    if (body) details.append(element('p', 'Body:'), element('pre', JSON.stringify(body, null, 1)));
    main.append(details);
  }
}
</script>
</body>
</html>
`;
