// Who else has this operation on screen. A screen says that it is there every few seconds; who stops is gone.
const here = document.querySelector("[data-live][data-code]");
const place = document.getElementById("presencia");
const EVERY = 12000;
const others = new Map();
let socket = null;

const editing = () => Boolean(document.querySelector("form[data-dirty]"));
const say = (gone = false) => socket?.emit("looking", { operation: here.dataset.code, editing: editing(), gone });

function show() {
  for (const [id, one] of others) if (Date.now() - one.at > EVERY * 2.5) others.delete(id);
  const people = [...others.values()];
  place.hidden = !people.length;
  const busy = people.find((one) => one.editing);
  place.classList.toggle("st-pendiente", Boolean(busy));
  place.querySelector("p").textContent = busy
    ? `${busy.name} la está editando ahora mismo`
    : people.length ? `${people.map((one) => one.name).join(", ")} también la ${people.length === 1 ? "mira" : "miran"}` : "";
}

if (here && place) {
  document.addEventListener("enchufe", (event) => {
    socket = event.detail;
    say();
    socket.on("presencia", (told) => {
      if (told.operation !== here.dataset.code || String(told.user_id) === window.panel.meta("yo")) return;
      const known = others.has(told.user_id);
      if (told.gone) others.delete(told.user_id);
      else others.set(told.user_id, { name: told.name, editing: told.editing, at: Date.now() });
      // A newcomer learns of this screen at once.
      if (!known && !told.gone) say();
      show();
    });
  });
  setInterval(() => { if (document.visibilityState === "visible") say(); show(); }, EVERY);
  document.addEventListener("input", (event) => { if (event.target.closest("form[data-lines]")) setTimeout(say, 50); });
  window.addEventListener("pagehide", () => say(true));
}
