// The page: shows the newest calls.

async function get(path) {
  const answer = await fetch(`/api/${path}`);
  if (answer.status === 401) {
    location.reload();
  }
  return answer.json();
}

const me = await get("me");
document.getElementById("who").textContent = me.user.email;
const found = await get("calls");
for (const call of [...found.open, ...found.calls]) {
  const row = document.createElement("li");
  row.textContent = call.summary;
  document.getElementById("calls").append(row);
}
document.getElementById("sign-out").addEventListener("click", async () => {
  const answer = await fetch("/sign-out", { method: "POST" });
  location.assign((await answer.json()).location);
});
