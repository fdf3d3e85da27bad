/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server with routes that change something: what tokens allow, how bodies come in and
 * are bounded, what a handler gets of its path; certificates of two reloads at once.
 */
#include "admin/http/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http/http_request.h"
#include "admin/http/http_tls.h"
#include "admin/http/http_token.h"
#include "base/errand.h"
#include "base/limits.h"
#include "lib/pki.h"
#include "lib/test.h"
#include "tls/tls_context.h"

#define FULL "Authorization: Bearer full-token-of-this-test\r\n"
#define READ "Authorization: Bearer read-token-of-this-test\r\n"

static unsigned writes;

static void echo(struct http_request *request, void *context)
{
    (void)context;
    writes++;
    request->reply.content_type = "text/plain";
    http_text_add(&request->reply.body, request->body ? request->body : "", request->body_len);
}

static void show(struct http_request *request, void *context)
{
    request->reply.content_type = "text/plain";
    http_text_print(&request->reply.body, "%s", (const char *)context);
    for (unsigned i = 0; i < request->args.count; i++)
        http_text_print(&request->reply.body, "[%s]", request->args.of[i]);
}

static _Atomic bool waits, goes_on;

/* Its request is there to the end, also when nobody waits for the reply. */
static void wait_long(struct http_request *request, void *context)
{
    (void)context;
    atomic_store(&waits, true);
    while (!atomic_load(&goes_on))
        (void)sched_yield();
    CHECK(strcmp(request->method, "GET") == 0 && strcmp(request->path, "/wait/x%20y") == 0 &&
          strcmp(request->args.of[0], "x y") == 0 && strcmp(http_query(request, "a"), "b c") == 0);
    http_text_print(&request->reply.body, "late");
}

static _Atomic bool held;

/* On the server's thread, which does nothing else meanwhile. */
static void hold(struct http_request *request, void *context)
{
    (void)context;
    atomic_store(&held, true);
    while (!atomic_load(&goes_on))
        (void)sched_yield();
    http_text_print(&request->reply.body, "released");
}

static const struct http_route routes[] = {
    {"GET", "/hold", HTTP_READ, hold},
    {"GET", "/items/{id}", HTTP_READ, show},
    {"GET", "/items/{id}/parts/{part}", HTTP_READ | HTTP_WAITS, show},
    {"GET", "/wait/{id}", HTTP_READ | HTTP_WAITS, wait_long},
    {"PUT", "/items", HTTP_WRITE, echo},
    {"POST", "/items", HTTP_WRITE | HTTP_WAITS, echo},
};

struct fixture {
    struct http_server *server;
    struct sockaddr_in address;
};

static int setup(void **state)
{
    static const char file[] = "full full-token-of-this-test\nread read-token-of-this-test\n";
    static struct fixture fixture;
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_storage got;
    struct http_tokens tokens;
    char error[256];

    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    writes = 0;
    assert_true(sodium_init() >= 0);
    assert_true(http_tokens_parse(&tokens, file, sizeof(file) - 1, error, sizeof(error)));
    fixture.server = http_server_create(routes, ARRAY_SIZE(routes), "context");
    assert_true(http_server_listen_tcp(fixture.server, (struct sockaddr *)&any, sizeof(any), error,
                                       sizeof(error)));
    (void)http_server_set_tokens(fixture.server, &tokens);
    assert_true(http_server_address(fixture.server, 0, &got));
    memcpy(&fixture.address, &got, sizeof(fixture.address));
    assert_true(http_server_start(fixture.server));
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    assert_true(http_server_stop(fixture->server, 60));
    http_server_destroy(fixture->server);
    return 0;
}

/* The whole reply to these bytes. */
static const char *exchange(const struct fixture *fixture, const char *data, size_t len)
{
    static char reply[8192];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t used = 0;
    ssize_t got;

    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&fixture->address, sizeof(fixture->address)), 0);
    for (size_t sent = 0; sent < len;) {
        got = send(fd, data + sent, len - sent, MSG_NOSIGNAL);
        if (got <= 0)
            break; /* it is refused already */
        sent += (size_t)got;
    }
    while (used < sizeof(reply) - 1 &&
           (got = recv(fd, reply + used, sizeof(reply) - 1 - used, 0)) > 0)
        used += (size_t)got;
    reply[used] = '\0';
    close(fd);
    return reply;
}

static unsigned status_of(const char *reply)
{
    unsigned status = 0;

    return sscanf(reply, "HTTP/1.1 %u", &status) == 1 ? status : 0;
}

static const char *body_of(const char *reply)
{
    const char *body = strstr(reply, "\r\n\r\n");

    return body ? body + 4 : "";
}

static const char *ask(const struct fixture *fixture, const char *line, const char *fields,
                       const char *body)
{
    char data[4096];
    int len = snprintf(data, sizeof(data), "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", line,
                       fields, body);

    assert_true(len > 0 && (size_t)len < sizeof(data));
    return exchange(fixture, data, (size_t)len);
}

static void tokens(void **state)
{
    const struct fixture *fixture = *state;

    assert_int_equal(status_of(ask(fixture, "PUT /items", READ, "")), 403);
    assert_int_equal(status_of(ask(fixture, "PUT /items", "", "")), 401);
    assert_int_equal(writes, 0);
    assert_int_equal(status_of(ask(fixture, "PUT /items", FULL, "")), 200);
    assert_int_equal(writes, 1);
    assert_int_equal(status_of(ask(fixture, "GET /items/1", READ, "")), 200);
    assert_int_equal(status_of(ask(fixture, "GET /items/1", FULL, "")), 200);
}

static void no_tokens(void **state)
{
    const struct fixture *fixture = *state;
    const struct http_tokens none = {0};

    (void)http_server_set_tokens(fixture->server, &none);
    assert_int_equal(status_of(ask(fixture, "GET /items/1", FULL, "")), 401);
}

static void paths(void **state)
{
    static const struct {
        const char *line;
        unsigned status;
        const char *body;
    } rows[] = {
        {"GET /items/abc", 200, "context[abc]"},
        {"GET /items/a%20b%2Fc%e2%82%ac", 200, "context[a b/c\xe2\x82\xac]"},
        {"GET /items/1/parts/2", 200, "context[1][2]"},
        {"GET /items/1/parts/2?x=3", 200, "context[1][2]"},
        {"GET /items/..", 200, "context[..]"},
        {"GET /items/", 404, NULL},
        {"GET /items/1/parts", 404, NULL},
        {"GET /items/1/parts/", 404, NULL},
        {"GET /items/1/parts/2/3", 404, NULL},
        {"GET /items/%", 400, NULL},
        {"GET /items/%2", 400, NULL},
        {"GET /items/%zz", 400, NULL},
        {"GET /items/a%00b", 400, NULL},
        {"GET /items/1/parts/%g1", 400, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *reply = ask(*state, rows[i].line, FULL, "");

        if (status_of(reply) != rows[i].status)
            fail_msg("%s: %s", rows[i].line, reply);
        if (rows[i].body)
            assert_string_equal(body_of(reply), rows[i].body);
    }
}

static void long_segments(void **state)
{
    char line[HTTP_ARG_BYTES + 32] = "GET /items/";

    memset(line + strlen(line), 'x', HTTP_ARG_BYTES - 1);
    assert_int_equal(status_of(ask(*state, line, FULL, "")), 200);
    line[strlen(line)] = 'x';
    assert_int_equal(status_of(ask(*state, line, FULL, "")), 400);
}

static void methods(void **state)
{
    const char *reply = ask(*state, "DELETE /items", FULL, "");

    assert_int_equal(status_of(reply), 405);
    assert_non_null(strstr(reply, "Allow: PUT, POST\r\n"));
    assert_non_null(strstr(ask(*state, "PUT /items/1", FULL, ""), "Allow: GET, HEAD\r\n"));
}

/* Also on a thread of its own. */
static void bodies(void **state)
{
    static const char *const lines[] = {"PUT /items", "POST /items"};

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        assert_string_equal(body_of(ask(*state, lines[i], FULL "Content-Length: 5\r\n", "hello")),
                            "hello");
        assert_string_equal(body_of(ask(*state, lines[i], FULL "Transfer-Encoding: chunked\r\n",
                                        "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")),
                            "hello");
        assert_string_equal(body_of(ask(*state, lines[i], FULL, "")), "");
    }
    assert_int_equal(status_of(ask(*state, "POST /items", READ, "")), 403);
}

/* The server ends while a request waits: it is answered, and what its handler does later is
 * dropped. */
static void end_while_one_waits(void **state)
{
    static const char data[] = "GET /wait/x%20y?a=b+c HTTP/1.1\r\nHost: localhost\r\n" READ "\r\n";
    struct fixture *fixture = *state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char reply[4096];
    ssize_t got;

    atomic_store(&waits, false);
    atomic_store(&goes_on, false);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&fixture->address, sizeof(fixture->address)), 0);
    assert_int_equal(send(fd, data, sizeof(data) - 1, MSG_NOSIGNAL), sizeof(data) - 1);
    while (!atomic_load(&waits))
        (void)sched_yield();
    assert_true(http_server_stop(fixture->server, 60));
    http_server_destroy(fixture->server);
    fixture->server = NULL;
    got = recv(fd, reply, sizeof(reply) - 1, MSG_WAITALL);
    assert_true(got > 0);
    reply[got] = '\0';
    assert_int_equal(status_of(reply), 503);
    close(fd);
    assert_false(errands_end(0, 60));
    atomic_store(&goes_on, true);
    assert_true(errands_end(60, 60));
}

static int send_request(const struct fixture *fixture, const char *line)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char data[512];
    int len = snprintf(data, sizeof(data), "%s HTTP/1.1\r\nHost: localhost\r\n" READ "\r\n", line);

    assert_int_equal(
        connect(fd, (const struct sockaddr *)&fixture->address, sizeof(fixture->address)), 0);
    assert_int_equal(send(fd, data, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

/* The server reads requests while it ends, because one waits: it must not let these wait, too,
 * since MHD aborts when it stops with a suspended connection. */
static void end_while_more_arrive(void **state)
{
    enum {
        MORE = 6
    };
    struct fixture *fixture = *state;
    int fds[2 + MORE];

    atomic_store(&waits, false);
    atomic_store(&held, false);
    atomic_store(&goes_on, false);
    fds[0] = send_request(fixture, "GET /wait/x%20y?a=b+c");
    while (!atomic_load(&waits))
        (void)sched_yield();
    fds[1] = send_request(fixture, "GET /hold");
    while (!atomic_load(&held))
        (void)sched_yield();
    for (unsigned i = 0; i < MORE; i++)
        fds[2 + i] = send_request(fixture, "GET /wait/x%20y?a=b+c");
    assert_false(http_server_stop(fixture->server, 0)); /* it ends as soon as it may */
    atomic_store(&goes_on, true);
    assert_true(http_server_stop(fixture->server, 60));
    http_server_destroy(fixture->server);
    fixture->server = NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    assert_true(errands_end(60, 60));
}

/* A body of `size` bytes, announced by its length or in chunks. */
static unsigned body_status(const struct fixture *fixture, size_t size, bool chunked)
{
    char *data = malloc(size + 512);
    int head;
    unsigned status;

    assert_non_null(data);
    head = snprintf(data, 512, "PUT /items HTTP/1.1\r\nHost: localhost\r\n" FULL);
    if (chunked)
        head += snprintf(data + head, 200, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", size);
    else
        head += snprintf(data + head, 200, "Content-Length: %zu\r\n\r\n", size);
    memset(data + head, 'x', size);
    if (chunked)
        (void)snprintf(data + head + size, 8, "\r\n0\r\n\r\n");
    status = status_of(exchange(fixture, data, (size_t)head + size + (chunked ? 7 : 0)));
    free(data);
    return status;
}

static void large_bodies(void **state)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        writes = 0;
        assert_int_equal(body_status(*state, LIMIT_ADMIN_BODY_BYTES, chunked), 200);
        assert_int_equal(writes, 1);
        assert_int_equal(body_status(*state, LIMIT_ADMIN_BODY_BYTES + 1, chunked), 413);
        assert_int_equal(writes, 1);
    }
}

static struct http_tls *certificates(const struct pki *pki)
{
    char paths[2][PKI_PATH_BYTES], why[TLS_WHY_BYTES];
    const struct tls_files files = {.cert = pki_path(pki, "server.pem", paths[0]),
                                    .key = pki_path(pki, "server.key", paths[1])};
    struct tls_context *context = tls_context_create(&files, why, sizeof(why));
    struct http_tls *tls;

    assert_non_null(context);
    tls = http_tls_create(context, false, why, sizeof(why));
    assert_non_null(tls);
    tls_context_put(context);
    return tls;
}

/* Of two reloads at once the one that began first ends last: what it has read may be older. */
static void reloads_at_once(void **state)
{
    const struct fixture *fixture = *state;
    struct http_tls *first, *second;
    struct pki pki;

    pki_create(&pki);
    first = certificates(&pki);
    second = certificates(&pki);
    assert_true(http_server_set_tls(fixture->server, first));
    assert_true(http_server_set_tls(fixture->server, second));
    assert_false(http_server_set_tls(fixture->server, first));
    assert_true(http_server_set_tls(fixture->server, second));
    http_tls_put(first);
    http_tls_put(second);
    pki_destroy(&pki);
}

int main(void)
{
    const struct CMUnitTest group[] = {
        cmocka_unit_test_setup_teardown(tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(no_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(paths, setup, teardown),
        cmocka_unit_test_setup_teardown(long_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(methods, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(large_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(reloads_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(end_while_one_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(end_while_more_arrive, setup, teardown),
    };

    return test_group_run(group);
}
