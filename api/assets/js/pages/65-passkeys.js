// Passkeys: the browser proves who is here. Its answers go to the house as they are.
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]")?.content ?? "" },
    body: JSON.stringify(body ?? {}),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return told;
};

// What people do (close the browser's own dialog) has a name of the browser's; what the house says is in Spanish.
const words = (error) => {
  if (error.name === "InvalidStateError") return "Este equipo ya tiene una llave tuya.";
  if (error.name === "Error") return error.message;
  return "No se usó la llave. Inténtalo otra vez o entra con tu contraseña.";
};

async function run(button, act) {
  const said = document.querySelector("[data-passkey-said]");
  said.hidden = true;
  button.disabled = true;
  try { await act(); } catch (error) { said.textContent = words(error); said.hidden = false; }
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const door = event.target.closest("[data-passkey-in]");
  if (door) {
    run(door, async () => {
      const path = door.dataset.passkeyIn;
      const asked = await post(`${path}/pedido`);
      const answer = await SimpleWebAuthnBrowser.startAuthentication({ optionsJSON: asked.options });
      const told = await post(path, { state: asked.state, answer, then: door.dataset.then });
      location.assign(told.go);
    });
  }
  const maker = event.target.closest("button[data-passkey-new]");
  if (maker) run(maker, () => make(maker.dataset.passkeyNew, {}));
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-passkey-new]")) return;
  event.preventDefault();
  const typed = Object.fromEntries(new FormData(event.target));
  run(event.submitter ?? event.target.querySelector("[type=submit]"), () => make(event.target.dataset.passkeyNew, typed));
});

async function make(path, typed) {
  const asked = await post(`${path}/pedido`, typed);
  const answer = await SimpleWebAuthnBrowser.startRegistration({ optionsJSON: asked.options });
  const name = typed.nombre?.trim() || navigator.userAgentData?.platform || navigator.platform || "Este equipo";
  const told = await post(path, { state: asked.state, answer, name });
  if (told.go) location.assign(told.go);
  else document.dispatchEvent(new CustomEvent("leer"));
}
// A browser that knows no passkeys is offered none.
if (!window.PublicKeyCredential) document.querySelectorAll("[data-passkey-part]").forEach((part) => { part.hidden = true; });
