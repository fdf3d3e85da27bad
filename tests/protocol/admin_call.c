/* SPDX-License-Identifier: Apache-2.0 */
#include "admin_call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "script.h"

static int connect_to_socket(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/admin.sock",
                                 script_server.state) < sizeof(addr.sun_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

/* To the end of the connection; NUL-terminated, to be freed. */
static char *read_all(int fd)
{
    size_t size = 1 << 16, len = 0;
    char *text = malloc(size);
    ssize_t got;

    assert_non_null(text);
    while ((got = read(fd, text + len, size - len - 1)) > 0) {
        len += (size_t)got;
        if (size - len - 1 > 0)
            continue;
        size *= 2;
        text = realloc(text, size);
        assert_non_null(text);
    }
    assert_int_equal(got, 0);
    text[len] = '\0';
    return text;
}

static unsigned call(const char *method, const char *path, const char *sent, json_t **body)
{
    char request[8192];
    int len = snprintf(request, sizeof(request),
                       "%s /api/v1%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n"
                       "Content-Type: application/json\r\n\r\n%s",
                       method, path, strlen(sent), sent);
    int fd = connect_to_socket();
    unsigned status;
    char *reply;

    assert_true(len > 0 && (size_t)len < sizeof(request));
    assert_int_equal(write(fd, request, (size_t)len), len);
    reply = read_all(fd);
    close(fd);
    assert_int_equal(strncmp(reply, "HTTP/1.1 ", 9), 0);
    status = (unsigned)strtoul(reply + 9, NULL, 10);
    if (body) {
        const char *at = strstr(reply, "\r\n\r\n");

        assert_non_null(at);
        *body = json_loads(at + 4, 0, NULL);
    }
    free(reply);
    return status;
}

unsigned admin_call(const char *method, const char *path, json_t **body)
{
    return call(method, path, "", body);
}

unsigned admin_send(const char *method, const char *path, const char *json)
{
    return call(method, path, json, NULL);
}

json_t *admin_get(const char *path)
{
    json_t *body;

    assert_int_equal(admin_call("GET", path, &body), 200);
    assert_non_null(body);
    return body;
}
