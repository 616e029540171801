// Shows the state of the server, and fills its URL into the snippets.

const show = (id, text) => { document.getElementById(id).textContent = text; };

function showState(kind, text) {
  const state = document.getElementById("state");
  state.className = `state ${kind}`;
  state.textContent = text;
}

function showProblems(problems) {
  const list = document.getElementById("problems");
  list.replaceChildren(...problems.map((problem) => {
    const item = document.createElement("li");
    item.textContent = problem;
    return item;
  }));
  list.hidden = problems.length === 0;
}

async function refresh() {
  try {
    const health = await (await fetch("/healthz", { cache: "no-store" })).json();
    showState(health.status === "ok" ? "ok" : "degraded", health.status === "ok" ? "running" : health.status);
    showProblems(health.problems ?? []);
    show("version", health.version);
    show("embedder", health.embedder ?? "none, words only");
    show("model", health.model ?? "none, quotes only");
    show("pending", health.index.pending.toLocaleString());
  } catch {
    showState("away", "unreachable");
  }
}

function prepare(article) {
  const code = article.querySelector("code");
  const text = code.textContent.replaceAll("http://127.0.0.1:8080", location.origin);
  // The placeholder of the key is highlighted; the text stays plain for copying.
  code.replaceChildren(...text.split(/(YOUR_\w+)/).map((part) => {
    if (!part.startsWith("YOUR_")) return document.createTextNode(part);
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  }));

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    // Browsers offer the clipboard to secure origins only; elsewhere the text is selected instead.
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  article.querySelector("h3").append(button);
}

document.querySelectorAll("article").forEach(prepare);
refresh();
setInterval(refresh, 5000);
