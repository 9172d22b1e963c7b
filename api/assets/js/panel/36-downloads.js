// A file that the house makes takes seconds when it holds a month: the corner says since when it is being made, and a
// refusal is said there too, in place of a page of JSON.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[download]");
  if (!link || link.origin !== location.origin || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if ("busy" in link.dataset) return;
  link.dataset.busy = "";
  bring(link).finally(() => { delete link.dataset.busy; });
});

async function bring(link) {
  const told = making();
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) { await refused(answer); return; }
    save(await answer.blob(), named(answer, link));
  } catch {
    window.panel.notice({ tone: "alerta", icon: "wifi-off", title: "Sin conexión", text: "No llegó el archivo. Repite cuando vuelva." });
  } finally {
    told();
  }
}

// The notice with its bar; what it answers takes it away.
function making() {
  const shown = document.getElementById("aviso").content.firstElementChild.cloneNode(true);
  shown.classList.add("st-proceso");
  shown.querySelector("use").setAttribute("href", `${window.panel.meta("iconos")}#loader-circle`);
  shown.querySelector("b").textContent = "Preparando el archivo";
  const bar = document.createElement("progress");
  bar.className = "bar st-proceso";
  bar.setAttribute("aria-label", "Preparando el archivo");
  shown.querySelector("p").after(bar);
  const began = Date.now();
  const clock = setInterval(() => { shown.querySelector("p").textContent = `${Math.round((Date.now() - began) / 1000)} s`; }, 500);
  document.getElementById("avisos").append(shown);
  return () => { clearInterval(clock); shown.remove(); };
}

async function refused(answer) {
  const trigger = answer.headers.get("HX-Trigger");
  if (trigger) { window.panel.notice(JSON.parse(trigger).aviso); return; }
  const problem = await answer.json().catch(() => ({}));
  window.panel.notice({ tone: "alerta", icon: "circle-alert", title: "No se pudo hacer el archivo", text: problem.detail ?? "Repite en un momento." });
}

function named(answer, link) {
  const given = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  return given?.[1] ?? (link.download || link.pathname.split("/").pop());
}

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.setAttribute("download", name);
  link.dataset.busy = "";
  // Not the page's own click: the browser saves what has already come.
  link.dispatchEvent(new MouseEvent("click", { ctrlKey: false, bubbles: false, cancelable: true }));
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
