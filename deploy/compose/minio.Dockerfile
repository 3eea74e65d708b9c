# MinIO publishes its source and no images any more: this builds the commit that Chartroom's own tests run against.
# The module's checksum is compared with the one that Go's checksum database has.
FROM golang:1.26-alpine AS build
ARG MINIO=v0.0.0-20260212201848-7aac2a2c5b7c
RUN CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "github.com/minio/minio@$MINIO"

FROM alpine:3.22
# A new named volume takes over the mode of this folder, so that any user may be given.
RUN mkdir -m 0777 /data
COPY --from=build /go/bin/minio /usr/local/bin/minio
USER 1000:1000
EXPOSE 9000
ENTRYPOINT ["/usr/local/bin/minio"]
