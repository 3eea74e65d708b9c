# docker build --build-arg REVISION="$(git rev-parse --short HEAD)" -t chartroom .
# docker run --rm -p 8080:8080 -v "$(pwd)/charts:/charts" chartroom

FROM oven/bun:1.4.5 AS build
WORKDIR /build
# First what changes rarely, so that the layer with the packages is kept from one build to the next.
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts
COPY . .
ARG REVISION=release
RUN REVISION="$REVISION" bun .ci/build.ts
# The tree of the final image. Folders that it writes to belong to nobody: any uid may be given by --user or by a
# cluster, and a new named volume takes over the mode of the folder it is mounted on.
RUN mkdir -p /image/licenses /image/charts /image/tls \
 && chmod 0777 /image/charts /image/tls \
 && cp dist/chartroom /image/chartroom \
 && ln -s chartroom /image/chartmuseum \
 && cp LICENSE THIRD-PARTY.md /image/licenses/

# The program needs glibc and nothing else: no shell, no package manager, no OpenSSL.
FROM gcr.io/distroless/base-nossl-debian12
ARG REVISION=release
LABEL org.opencontainers.image.title="Chartroom" \
      org.opencontainers.image.description="A private Helm chart registry" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /image/ /
# Charts are kept in /charts. The certificate of --tls-self-signed is kept in /tls, not among the charts: mount a
# volume there to keep it longer than the container. With a read-only root nothing else needs to be writable.
ENV STORAGE=local \
    STORAGE_LOCAL_ROOTDIR=/charts \
    LISTEN_HOST=0.0.0.0 \
    TLS_SELF_SIGNED_DIR=/tls
USER 1000:1000
# Tells the default port to `docker run -P` and to proxies that look for it; PORT changes what is listened on.
EXPOSE 8080
# Reads the same variables as the server: TLS, port and context path. Settings given as flags are unknown to it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/chartroom", "health"]
ENTRYPOINT ["/chartroom"]
