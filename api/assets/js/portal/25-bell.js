// The bell: counted by the server, at each piece of news; and what the page of notices has shown is read.
const { meta } = window.portal;
let read = 0;

async function ask(path, more = {}) {
  const answer = await fetch(path, { ...more, headers: { "X-Fondo": "1", "HX-Request": "true", "X-CSRF-Token": meta("csrf"), ...more.headers } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-bell]");
  document.querySelectorAll("[data-bell]").forEach((bell) => { if (fresh) bell.replaceWith(fresh.cloneNode(true)); });
}

// Seen is what is on a screen that somebody has before them.
function seen() {
  const newest = Number(document.querySelector("[data-newest]")?.dataset.newest ?? 0);
  if (newest <= read || document.visibilityState !== "visible") return;
  read = newest;
  ask("/avisos/leidos", { method: "POST", body: new URLSearchParams({ hasta: newest }) });
}

document.addEventListener("novedad", () => { if (document.querySelector("[data-bell]")) ask("/avisos/campana"); });
document.addEventListener("partes", seen);
document.addEventListener("visibilitychange", seen);
seen();
