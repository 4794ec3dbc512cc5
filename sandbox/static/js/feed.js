// The live feed: every change of the workspace. After a lost connection the page loads anew what it shows.

/**
 * @param {(change: any) => void} onChange
 * @param {(connected: boolean, again: boolean) => void} onConnection `again`: it was there before, and may have missed something
 */
export function follow(onChange, onConnection) {
  let wait = 250;
  let again = false;
  const connect = () => {
    const address = new URL("/_sandbox/feed", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      wait = 250;
      onConnection(true, again);
      again = true;
    });
    socket.addEventListener("message", (event) => onChange(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      onConnection(false, again);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    });
  };
  connect();
}
