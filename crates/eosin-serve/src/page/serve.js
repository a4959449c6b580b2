"use strict";
// What others call things is only ever set as text.
const at = (id) => document.getElementById(id);
const made = (tag, text, kind) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};

const said = async (response) => {
  try {
    return (await response.json()).error || response.statusText;
  } catch {
    return response.statusText;
  }
};

const explain = async (item, file, label) => {
  const response = await fetch(`/explain?class=${encodeURIComponent(label)}`, {
    method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file,
  });
  if (!response.ok) {
    item.append(made("p", await said(response), "error"));
    return;
  }
  const picture = made("img");
  picture.alt = `What speaks for ${label} in red, and against it in blue`;
  picture.src = URL.createObjectURL(await response.blob());
  item.querySelector("img").replaceWith(picture);
};

const show = (file, answer) => {
  const item = made("li");
  item.append(made("h2", file.name));
  const own = made("img", undefined, "own");
  own.alt = "";
  own.src = URL.createObjectURL(file);
  item.append(own);
  if (answer.error) {
    item.append(made("p", answer.error, "error"));
    at("answers").prepend(item);
    return;
  }
  item.append(made("p", answer.pred, "answer"));
  for (const [label, prob] of Object.entries(answer.probs)) {
    const row = made("div", undefined, "prob");
    const bar = made("progress");
    bar.max = 1;
    bar.value = prob;
    bar.setAttribute("aria-label", `Probability of ${label}`);
    row.append(made("span", label), bar, made("span", prob.toFixed(3)));
    item.append(row);
  }
  const button = made("button", `What speaks for ${answer.pred}?`);
  button.type = "button";
  button.addEventListener("click", () => {
    button.disabled = true;
    explain(item, file, answer.pred).then(() => button.remove());
  });
  item.append(button);
  at("answers").prepend(item);
};

const send = async (files) => {
  const form = new FormData();
  for (const file of files) form.append("images", file, file.name);
  at("said").textContent = `Asking about ${files.length} ${files.length === 1 ? "image" : "images"} …`;
  try {
    const response = await fetch("/predict", { method: "POST", body: form });
    const all = response.ok || response.status === 422 ? await response.json() : null;
    if (!all || !all.predictions) {
      at("said").textContent = all ? all.error : await said(response);
      return;
    }
    all.predictions.forEach((answer, index) => show(files[index], answer));
    at("said").textContent = all.notice;
  } catch (error) {
    at("said").textContent = `The server does not answer: ${error.message}`;
  }
};

const drop = at("drop");
at("file").addEventListener("change", (event) => {
  if (event.target.files.length) send([...event.target.files]);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) send([...event.dataTransfer.files]);
  });
}

fetch("/model").then((response) => response.json()).then((card) => {
  at("title").textContent = `Drop a patch: ${card.classes.join(" or ")}?`;
  at("decision").textContent = `Run ${card.run}: ${card.decision}.`;
});
