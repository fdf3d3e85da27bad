/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/admin_endpoint.h"
#include "cli/complaint.h"

enum {
    CONNECT_S = 10,
    REPLY_S = 60, /* of requests whose reply has an end */
    FIELD_BYTES = 320,
};

struct admin_client {
    struct admin_access access;
    struct admin_endpoint endpoint;
    CURL *curl;
    char *name;
    bool has_token;
    char authorization[FIELD_BYTES];
    char error[CURL_ERROR_SIZE];
};

static bool client_init(struct admin_client *client, const char *token_file)
{
    static const char field[] = "Authorization: Bearer ";
    char token[LIMIT_ADMIN_TOKEN_BYTES + 1];

    if (token_file) {
        if (!admin_token_read(token_file, token))
            return false;
        (void)snprintf(client->authorization, FIELD_BYTES, "%s%s", field, token);
        explicit_bzero(token, sizeof(token));
        client->has_token = true;
    }
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    client->curl = curl_easy_init();
    CHECK(client->curl);
    return true;
}

struct admin_client *admin_client_create(const struct admin_access *access)
{
    struct admin_client *client = must_calloc(1, sizeof(*client));
    const struct admin_endpoint *endpoint = &client->endpoint;
    int len;

    if (!admin_endpoint_parse(&client->endpoint, access->endpoint)) {
        free(client);
        return NULL;
    }
    client->access = *access;
    len = asprintf(&client->name, "%s%s",
                   endpoint->socket   ? "unix:"
                   : endpoint->secure ? "https://"
                                      : "",
                   endpoint->socket ? endpoint->socket : endpoint->address);
    CHECK(len > 0);
    if (client_init(client, access->token_file))
        return client;
    admin_client_destroy(client);
    return NULL;
}

void admin_client_destroy(struct admin_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    admin_endpoint_fini(&client->endpoint);
    explicit_bzero(client->authorization, sizeof(client->authorization));
    free(client->name);
    free(client);
}

const char *admin_client_name(const struct admin_client *client)
{
    return client->name;
}

char *admin_client_encode(struct admin_client *client, const char *text)
{
    char *encoded = curl_easy_escape(client->curl, text, (int)strlen(text)), *copy;

    CHECK(encoded);
    copy = must_strdup(encoded);
    curl_free(encoded);
    return copy;
}

/* ---- what is wrong ---- */

static void explain_socket(const struct admin_client *client, long error)
{
    const char *path = client->endpoint.socket;
    bool is_others = client->endpoint.is_usual && geteuid() != 0;

    if (error == EACCES || error == EPERM)
        complaint_print("%s: permission denied: only root and the user of the server may use its "
                        "socket",
                        client->name);
    else if (access(path, F_OK) == 0 || error == ECONNREFUSED)
        complaint_print("%s: no server listens there; is mainstayd running?", client->name);
    else
        complaint_print("%s: there is no such socket; is mainstayd running, and with another "
                        "--state or --admin? `mainstay --admin` names its endpoint",
                        client->name);
    if (is_others)
        complaint_add("a server that root runs is reached with sudo mainstay");
}

/* A certificate that nobody vouches for: the usual cause is that its CA was not named. */
static bool is_untrusted(const struct admin_client *client)
{
    long error = 0;

    (void)curl_easy_getinfo(client->curl, CURLINFO_SSL_VERIFYRESULT, &error);
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/* False: it is no error of TLS.  What the server says of our certificate comes after the handshake,
 * and is lost if it closes the connection before it has read our request. */
static bool explain_tls(const struct admin_client *client, CURLcode code)
{
    const char *why = *client->error ? client->error : curl_easy_strerror(code);

    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        complaint_print("%s: the server's certificate is not good: %s", client->name, why);
        if (is_untrusted(client))
            complaint_add("name the CA that has signed it: --admin-ca FILE");
    } else if (code == CURLE_SSL_CONNECT_ERROR) {
        complaint_print("%s: no TLS 1.3 session comes about: %s", client->name, why);
        complaint_add("a server without --admin-tls is reached without https://");
    } else if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) {
        complaint_print("%s: the server ends the connection without an answer: %s", client->name,
                        why);
        complaint_add(client->access.cert
                          ? "it may not let the certificate of --admin-cert in: admin.tls_refused "
                            "in its log says why"
                          : "it may want a certificate: --admin-cert FILE, --admin-key FILE");
    } else {
        return false;
    }
    return true;
}

static void explain_silence(const struct admin_client *client)
{
    complaint_print("%s: the server closed the connection without an answer: it has too many, or "
                    "is about to end",
                    client->name);
    if (client->endpoint.address)
        complaint_add("or it has --admin-tls: then say --admin https://HOST:PORT");
}

static void explain(const struct admin_client *client, CURLcode code)
{
    long error = 0;

    (void)curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &error);
    if (client->endpoint.secure && explain_tls(client, code))
        return;
    if (code == CURLE_COULDNT_CONNECT && client->endpoint.socket)
        explain_socket(client, error ? error : ENOENT);
    else if (code == CURLE_COULDNT_CONNECT)
        complaint_print("%s: cannot connect%s%s; does mainstayd listen there (--admin ADDR:PORT)?",
                        client->name, error ? ": " : "", error ? strerror((int)error) : "");
    else if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR)
        explain_silence(client);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        complaint_print("%s: no answer within %d s", client->name, REPLY_S);
    else
        complaint_print("%s: %s", client->name,
                        *client->error ? client->error : curl_easy_strerror(code));
}

/* Parameters of a query have the names of the options that become them. */
static void explain_problem(const struct admin_client *client, const struct admin_reply *reply)
{
    static const char parameter[] = "parameter '";
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    const json_t *reasons = json_object_get(reply->json, "reasons");

    if (detail && strncmp(detail, parameter, strlen(parameter)) == 0)
        complaint_print("option '--%s", detail + strlen(parameter));
    else if (detail)
        complaint_print("%s", detail);
    else
        complaint_print("%s answers with status %ld and no reason", client->name, reply->status);
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *reason = json_string_value(json_array_get(reasons, i));

        if (reason)
            complaint_add(reason);
    }
    if (reply->status == 401)
        complaint_add(client->has_token
                          ? "the server does not know the token of --admin-token"
                          : "give a file with a token of the server: --admin-token FILE");
}

/* ---- requests ---- */

struct body {
    char *data;
    size_t len, room;
};

static size_t body_take(char *data, size_t one, size_t count, void *context)
{
    struct body *body = context;

    (void)one; /* is 1 */
    if (count > LIMIT_CLI_REPLY_BYTES - body->len)
        return 0;
    if (body->len + count + 1 > body->room) {
        body->room = (body->len + count + 1) * 2;
        body->data = must_realloc(body->data, body->room);
    }
    memcpy(body->data + body->len, data, count);
    body->len += count;
    body->data[body->len] = '\0';
    return count;
}

/* ETag: "7" */
static size_t field_take(char *data, size_t one, size_t count, void *context)
{
    static const char name[] = "etag:";
    struct admin_reply *reply = context;
    const char *quote = memchr(data, '"', count);
    const char *end = quote ? memchr(quote + 1, '"', count - (size_t)(quote + 1 - data)) : NULL;

    (void)one;
    if (end && count > strlen(name) && strncasecmp(data, name, strlen(name)) == 0)
        (void)snprintf(reply->etag, sizeof(reply->etag), "%.*s", (int)(end - quote - 1), quote + 1);
    return count;
}

static struct curl_slist *fields_make(const struct admin_client *client, const char *if_match,
                                      bool has_body)
{
    /* A server that listens on a local address refuses names, because of web pages that lead to
     * it; over TCP the token is enough. */
    struct curl_slist *fields = curl_slist_append(NULL, "Host: localhost");
    char text[ADMIN_ETAG_BYTES + 32];

    if (has_body)
        fields = curl_slist_append(fields, "Content-Type: application/json");
    if (client->has_token)
        fields = curl_slist_append(fields, client->authorization);
    if (if_match) {
        (void)snprintf(text, sizeof(text), "If-Match: \"%s\"", if_match);
        fields = curl_slist_append(fields, text);
    }
    CHECK(fields);
    return fields;
}

/* The server's certificate must be good for the host that was named. */
static void tls_prepare(struct admin_client *client)
{
    const struct admin_access *access = &client->access;

    (void)curl_easy_setopt(client->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    (void)curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (access->ca) {
        (void)curl_easy_setopt(client->curl, CURLOPT_CAINFO, access->ca);
        (void)curl_easy_setopt(client->curl, CURLOPT_CAPATH, NULL);
    }
    if (access->cert) {
        (void)curl_easy_setopt(client->curl, CURLOPT_SSLCERT, access->cert);
        (void)curl_easy_setopt(client->curl, CURLOPT_SSLKEY,
                               access->key ? access->key : access->cert);
    }
}

/* No proxy of the environment gets to see a token. */
static void request_prepare(struct admin_client *client, const char *root, const char *path,
                            char **url)
{
    const char *scheme = client->endpoint.secure ? "https" : "http";
    int len =
        asprintf(url, "%s://%s%s%s", scheme,
                 client->endpoint.socket ? "localhost" : client->endpoint.address, root, path);

    CHECK(len > 0);
    curl_easy_reset(client->curl);
    *client->error = '\0';
    (void)curl_easy_setopt(client->curl, CURLOPT_URL, *url);
    (void)curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, scheme);
    (void)curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);
    (void)curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    if (client->endpoint.secure)
        tls_prepare(client);
    if (client->endpoint.socket)
        (void)curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->endpoint.socket);
}

static CURLcode request_perform(struct admin_client *client, struct curl_slist *fields,
                                long *status)
{
    CURLcode code;

    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, fields);
    code = curl_easy_perform(client->curl);
    if (code == CURLE_OK)
        (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
    return code;
}

static bool reply_read(const struct admin_client *client, const struct body *body,
                       struct admin_reply *reply, bool quiet)
{
    json_error_t error;

    if (body->len > 0)
        reply->json = json_loadb(body->data, body->len, JSON_REJECT_DUPLICATES, &error);
    if (reply->status >= 400 && !quiet)
        explain_problem(client, reply);
    if (reply->status >= 400)
        return false;
    if (reply->status >= 200 && reply->status < 300 && (reply->json || body->len == 0))
        return true;
    if (!quiet)
        complaint_print("%s: the answer is not JSON; is this the admin endpoint of a mainstayd?",
                        client->name);
    return false;
}

/* curl asks about once a second, also while nothing comes. */
static int stop_look(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = context;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(stop) ? 1 : 0;
}

static void limits_prepare(struct admin_client *client, const struct admin_request *request)
{
    long timeout_s = request->timeout_s > 0 ? request->timeout_s : REPLY_S;

    (void)curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, timeout_s);
    if (!request->stop)
        return;
    (void)curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, stop_look);
    (void)curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, (void *)(uintptr_t)request->stop);
}

bool admin_client_call(struct admin_client *client, const struct admin_request *request,
                       struct admin_reply *reply)
{
    char *url, *text = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    struct curl_slist *fields = fields_make(client, request->if_match, text);
    struct body body = {0};
    CURLcode code;
    bool ok;

    *reply = (struct admin_reply){0};
    request_prepare(client, request->at_root ? "" : "/api/v1", request->path, &url);
    (void)curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, request->method);
    limits_prepare(client, request);
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, body_take);
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &body);
    (void)curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, field_take);
    (void)curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, reply);
    if (text)
        (void)curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    code = request_perform(client, fields, &reply->status);
    if (code != CURLE_OK && !request->quiet)
        explain(client, code);
    ok = code == CURLE_OK && reply_read(client, &body, reply, request->quiet);
    curl_slist_free_all(fields);
    free(body.data);
    free(text);
    free(url);
    return ok;
}

/* ---- streams ---- */

struct stream {
    struct admin_client *client;
    bool (*line)(void *context, const char *text);
    void *context;
    struct body rest; /* a line that is not whole yet, or the body of a problem */
    bool ended;
};

static size_t stream_take(char *data, size_t one, size_t count, void *context)
{
    struct stream *stream = context;
    char *begin, *end;
    long status = 0;

    if (body_take(data, one, count, &stream->rest) != count)
        return 0;
    (void)curl_easy_getinfo(stream->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return count;
    begin = stream->rest.data;
    for (; (end = memchr(begin, '\n', stream->rest.len - (size_t)(begin - stream->rest.data)));
         begin = end + 1) {
        *end = '\0';
        if (end > begin && end[-1] == '\r')
            end[-1] = '\0';
        if (!stream->line(stream->context, begin)) {
            stream->ended = true;
            return 0;
        }
    }
    stream->rest.len -= (size_t)(begin - stream->rest.data);
    memmove(stream->rest.data, begin, stream->rest.len);
    return count;
}

bool admin_client_stream(struct admin_client *client, const char *path,
                         bool (*line)(void *context, const char *text), void *context)
{
    struct stream stream = {.client = client, .line = line, .context = context};
    struct curl_slist *fields = fields_make(client, NULL, false);
    struct admin_reply reply = {0};
    CURLcode code;
    char *url;
    bool ok;

    request_prepare(client, "/api/v1", path, &url);
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, stream_take);
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &stream);
    code = request_perform(client, fields, &reply.status);
    ok = stream.ended || code == CURLE_OK || code == CURLE_PARTIAL_FILE;
    if (!ok)
        explain(client, code);
    else if (!stream.ended && reply.status != 200)
        ok = reply_read(client, &stream.rest, &reply, false);
    json_decref(reply.json);
    curl_slist_free_all(fields);
    free(stream.rest.data);
    free(url);
    return ok;
}
