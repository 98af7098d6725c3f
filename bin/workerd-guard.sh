#!/bin/sh
# Runs workerd so that it dies with the process that started it, whichever way that one ends (Linux), and leaves its process id
# in a file, so that the next start can end one that was left behind (elsewhere). Called through MINIFLARE_WORKERD_PATH.
printf '%s' "$$" > "$ROUSE_WORKERD_PID_FILE"
if command -v setpriv > /dev/null 2>&1 && setpriv --pdeathsig KILL true 2> /dev/null; then
  exec setpriv --pdeathsig KILL "$ROUSE_WORKERD_BINARY" "$@"
fi
exec "$ROUSE_WORKERD_BINARY" "$@"
