// Passkeys: the browser proves who is here. Its answers go to the house as they are.
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": window.panel.meta("csrf") },
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
      const asked = await post("/panel/ingresar/llave/pedido");
      const answer = await SimpleWebAuthnBrowser.startAuthentication({ optionsJSON: asked.options });
      const told = await post("/panel/ingresar/llave", { state: asked.state, answer, then: door.dataset.then });
      location.assign(told.go);
    });
  }
  const maker = event.target.closest("[data-passkey-new]");
  if (maker) {
    run(maker, async () => {
      const asked = await post("/panel/llaves/pedido");
      const answer = await SimpleWebAuthnBrowser.startRegistration({ optionsJSON: asked.options });
      const name = navigator.userAgentData?.platform || navigator.platform || "Este equipo";
      await post("/panel/llaves", { state: asked.state, answer, name });
      document.dispatchEvent(new CustomEvent("leer"));
    });
  }
  const lines = event.target.closest("[data-copy-lines]");
  if (lines) navigator.clipboard.writeText(lines.dataset.copyLines.split(" ").join("\n"));
});
