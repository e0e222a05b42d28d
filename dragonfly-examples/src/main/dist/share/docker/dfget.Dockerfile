# dfget, or a peer that runs all the time. In the directory of the unpacked distribution:
#   docker build -f share/docker/dfget.Dockerfile -t dragonfly-dfget .
#   docker run --rm --network host --user "$(id -u):$(id -g)" -v "$PWD:/data" dragonfly-dfget \
#     --url https://host/file.bin --node 192.0.2.10
#   docker run -d --network host -v dragonfly:/var/lib/dragonfly dragonfly-dfget \
#     server --node 192.0.2.10 --alivetime 0
# If the supernode has a join token, mount it, readable by the container's user:
#   -v /etc/dragonfly/join-token:/run/join-token:ro -e DRAGONFLY_JOIN_TOKEN_FILE=/run/join-token
# With --network host a peer has an address that the others reach. The first form is the peer in
# its own process: it gives to others while it runs.
# By tag, so that a new build gets fixes of the JRE. To have the very same base each time, give the build argument
# JRE with a digest: eclipse-temurin:21-jre@sha256:...
ARG JRE=eclipse-temurin:21-jre

# Files as they are to be, in a layer of their own.
FROM ${JRE} AS files
COPY bin /opt/dragonfly/bin
COPY lib /opt/dragonfly/lib
COPY libexec /opt/dragonfly/libexec
COPY LICENSE /opt/dragonfly/
RUN chmod -R u=rwX,go=rX /opt/dragonfly \
    && mkdir -p /var/lib/dragonfly /data \
    && chmod 1777 /var/lib/dragonfly /data

FROM ${JRE}
COPY --from=files /opt/dragonfly /opt/dragonfly
COPY --from=files /var/lib/dragonfly /var/lib/dragonfly
COPY --from=files /data /data
USER 10001:10001
# The peer makes this directory, which is then its user's alone: another user of the same volume is
# refused, and needs a DRAGONFLY_HOME of its own.
ENV DRAGONFLY_HOME=/var/lib/dragonfly/peer
VOLUME /var/lib/dragonfly
WORKDIR /data
ENTRYPOINT ["/opt/dragonfly/bin/dfget"]
