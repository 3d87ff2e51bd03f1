# The worker (python -m ivr) and the console (python -m web). Made by the script that installs without Docker.
FROM debian:trixie-slim
ENV EXPERTLINE_STATE=/var/lib/expertline EXPERTLINE_CACHE=/var/cache/expertline
WORKDIR /expertline
COPY requirements.txt ./
COPY script/setup script/environment script/python ./script/
RUN script/setup python && rm -rf /var/lib/apt/lists/* /var/cache/expertline/pip
COPY . .
# docker compose build --build-arg VOICE=natural: the natural Mandarin voice (docs/speech.md), some 220 MB
ARG VOICE=
RUN [ -z "$VOICE" ] || { script/setup voice && rm -rf /var/cache/expertline/pip; }
ENTRYPOINT ["script/python"]
