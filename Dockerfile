# Two images: `hotline` (the program and its worker) and `asterisk` (the telephone exchange it steers).
# Built and joined by docker-compose.yml. Both run as user 10001, so that they can share files.

# ---------------------------------------------------------------------------- building the program
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/hotline
ENV PATH=/opt/hotline/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN pip install --require-hashes -r requirements/build.txt \
    && pip install --no-build-isolation --require-hashes -r requirements/runtime.txt
COPY . .
RUN pip install --no-deps --no-build-isolation .

# ---------------------------------------------------------------------------- the program
FROM python:3.11-slim-bookworm AS hotline
# espeak-ng speaks the prompts that nobody has recorded.
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /data hotline \
    && install -d -o hotline -g hotline -m 0700 /data /data/prompts /data/spool
COPY --from=build /opt/hotline /opt/hotline
ENV PATH=/opt/hotline/bin:$PATH PYTHONUNBUFFERED=1 HOTLINE_DATA=/data HOTLINE_LOG_FORMAT=json
USER hotline
WORKDIR /data
EXPOSE 8080
ENTRYPOINT ["hotline"]
CMD ["serve"]

# ---------------------------------------------------------------------------- the telephone exchange
FROM debian:forky-slim AS asterisk
RUN apt-get update \
    && apt-get install -y --no-install-recommends asterisk asterisk-modules asterisk-core-sounds-en \
    && rm -rf /var/lib/apt/lists/* /etc/asterisk \
    && usermod --uid 10001 asterisk \
    && install -d -o asterisk -g asterisk -m 0750 /etc/asterisk /var/run/asterisk /var/log/asterisk/cel-custom \
        /data /data/prompts /data/spool \
    && chown -R asterisk:asterisk /var/lib/asterisk /var/log/asterisk /var/spool/asterisk
COPY --chmod=755 scripts/asterisk-entrypoint.sh /usr/local/bin/asterisk-entrypoint
USER asterisk
EXPOSE 5060/udp 10000-10199/udp
ENTRYPOINT ["asterisk-entrypoint"]
