/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_stream.h"

#include <poll.h>

#include "admin/http/http_request.h"
#include "admin/http/http_server_internal.h"
#include "base/memory.h"

enum {
    BLOCK_BYTES = 16 << 10
};

struct http_stream {
    struct list link; /* of http_server.streams */
    struct MHD_Connection *conn;
    struct http_source source;
    int fd;
    bool suspended;
    bool over; /* it ends as soon as there is nothing to send */
};

static ssize_t stream_read(void *context, uint64_t at, char *data, size_t size)
{
    struct http_stream *stream = context;
    ssize_t len = stream->source.read(stream->source.context, data, size);

    (void)at;
    if (len < 0 || (len == 0 && stream->over))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        stream->suspended = true;
        MHD_suspend_connection(stream->conn);
    }
    return len;
}

static void stream_free(void *context)
{
    struct http_stream *stream = context;

    list_remove(&stream->link);
    stream->source.end(stream->source.context);
    memory_free(MEMORY_admin, stream);
}

/* MHD does not look at a suspended connection. */
static bool reader_is_gone(const struct http_stream *stream)
{
    struct pollfd fd = {.fd = stream->fd, .events = POLLRDHUP};

    return poll(&fd, 1, 0) == 1;
}

void http_streams_resume(struct http_server *server, bool over)
{
    LIST_FOREACH (stream, &server->streams, struct http_stream, link) {
        if (over || reader_is_gone(stream))
            stream->over = true;
        if (stream->suspended)
            MHD_resume_connection(stream->conn);
        stream->suspended = false;
    }
}

/* This connection may live on. */
static int connection_exempt(struct MHD_Connection *conn)
{
    struct http_connection *connection = http_connection_of(conn);

    connection->streams = true;
    (void)MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT, LIMIT_ADMIN_STREAM_S);
    return connection->fd;
}

struct MHD_Response *http_stream_response(struct http_server *server, struct MHD_Connection *conn,
                                          const struct http_source *source)
{
    struct http_stream *stream = memory_zalloc(MEMORY_admin, sizeof(*stream));
    struct MHD_Response *response;

    if (!stream) {
        source->end(source->context);
        return NULL;
    }
    stream->conn = conn;
    stream->source = *source;
    stream->over = server->ending;
    list_push_back(&server->streams, &stream->link);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, stream_read, stream,
                                                 stream_free);
    if (!response) {
        stream_free(stream);
        return NULL;
    }
    stream->fd = connection_exempt(conn);
    return response;
}
