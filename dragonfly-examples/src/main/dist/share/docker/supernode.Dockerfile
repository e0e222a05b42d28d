# The supernode. In the directory of the unpacked distribution:
#   docker build -f share/docker/supernode.Dockerfile -t dragonfly-supernode .
#   docker run -d -p 8002:8002 -v dragonfly-supernode:/var/lib/dragonfly-supernode \
#     -e DRAGONFLY_ADVERTISE_IP=192.0.2.10 dragonfly-supernode
# So that only your own machines may join, mount the fleet's join token, readable by user 10001:
#   -v /etc/dragonfly/join-token:/run/join-token:ro -e DRAGONFLY_JOIN_TOKEN_FILE=/run/join-token
# The address is the one of the host that the peers reach. Peers see themselves behind the host's
# address translation, if there is one: --peer-network says in which networks that is all right, and
# needs the join token, so that nobody else can claim such an address. If all of
# them come from one address then, --share-per-address lets it have more of the supernode.
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
    && mkdir -p -m 0700 /var/lib/dragonfly-supernode \
    && chown 10001:10001 /var/lib/dragonfly-supernode

FROM ${JRE}
COPY --from=files /opt/dragonfly /opt/dragonfly
COPY --from=files --chown=10001:10001 /var/lib/dragonfly-supernode /var/lib/dragonfly-supernode
USER 10001:10001
ENV DRAGONFLY_HOME_DIR=/var/lib/dragonfly-supernode
VOLUME /var/lib/dragonfly-supernode
EXPOSE 8002
ENTRYPOINT ["/opt/dragonfly/bin/supernode"]
