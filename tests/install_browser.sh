#!/bin/sh
# Install Chromium where there is none: by Debian's packages as root, else by Playwright.
# Where neither can, say so: the tests of pages fail then.
for name in "$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null && exit 0
done
echo "no Chromium found, installing one" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 && exit 0
fi
timeout 300 .venv/bin/python -m playwright install chromium >/dev/null 2>&1 && exit 0
echo "could not install Chromium; install it (Debian: apt-get install chromium) or set CHROMIUM" >&2
exit 0
