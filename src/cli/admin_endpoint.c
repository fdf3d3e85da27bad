/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/complaint.h"

static const char prefix[] = "unix:", secure_prefix[] = "https://";

/* As mainstayd chooses its state directory. */
static char *usual_socket(void)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path;
    int len;

    if (geteuid() == 0)
        return must_strdup("/var/lib/mainstay/admin.sock");
    if (base && *base)
        len = asprintf(&path, "%s/mainstay/admin.sock", base);
    else
        len = asprintf(&path, "%s/.local/state/mainstay/admin.sock", home ? home : "/tmp");
    CHECK(len > 0);
    return path;
}

static bool socket_fits(const char *path)
{
    struct sockaddr_un address;

    if (strlen(path) < sizeof(address.sun_path))
        return true;
    complaint_print("--admin unix:%s: the path of a socket has at most %zu bytes", path,
                    sizeof(address.sun_path) - 1);
    return false;
}

/* HOST:PORT or [ADDR6]:PORT, and nothing that would make another URL of it. */
static bool address_is_good(const char *text)
{
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : "";
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    bool bracketed = host_len > 2 && text[0] == '[' && text[host_len - 1] == ']';
    unsigned long number = strtoul(port, NULL, 10);

    if (host_len == 0 || strlen(port) > 5 || port[strspn(port, "0123456789")] != '\0' ||
        number < 1 || number > 65535)
        return false;
    if (bracketed)
        return strspn(text + 1, "0123456789abcdefABCDEF:.") == host_len - 2;
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
           host_len;
}

static bool address_parse(struct admin_endpoint *endpoint, const char *text)
{
    endpoint->secure = strncmp(text, secure_prefix, strlen(secure_prefix)) == 0;
    if (endpoint->secure)
        text += strlen(secure_prefix);
    if (!address_is_good(text))
        return false;
    endpoint->address = must_strdup(text);
    return true;
}

bool admin_endpoint_parse(struct admin_endpoint *endpoint, const char *text)
{
    *endpoint = (struct admin_endpoint){.is_usual = !text};
    if (!text) {
        endpoint->socket = usual_socket();
    } else if (strncmp(text, prefix, strlen(prefix)) == 0 && text[strlen(prefix)] != '\0') {
        endpoint->socket = must_strdup(text + strlen(prefix));
    } else if (address_parse(endpoint, text)) {
        return true;
    } else {
        complaint_print("--admin '%s': expected unix:PATH, HOST:PORT or [ADDR6]:PORT, or "
                        "https://HOST:PORT, for example unix:/var/lib/mainstay/admin.sock",
                        text);
        return false;
    }
    if (socket_fits(endpoint->socket))
        return true;
    admin_endpoint_fini(endpoint);
    return false;
}

void admin_endpoint_fini(struct admin_endpoint *endpoint)
{
    free(endpoint->socket);
    free(endpoint->address);
    *endpoint = (struct admin_endpoint){0};
}

/* ---- the token ---- */

static bool refuse(const char *path, const char *why)
{
    complaint_print("--admin-token %s: %s", path, why);
    return false;
}

/* What is wrong with the file, or NULL. */
static const char *file_fault(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "is no regular file";
    if ((st->st_mode & 077) != 0)
        return "can be used by others than its owner; chmod 600 mends that";
    return st->st_size > LIMIT_ADMIN_TOKEN_FILE_BYTES ? "is too long for a file of tokens" : NULL;
}

/* The bytes of the file with a NUL behind them. */
static bool file_read(const char *path, char data[LIMIT_ADMIN_TOKEN_FILE_BYTES + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const char *why;
    struct stat st;
    ssize_t len;

    if (fd < 0)
        return refuse(path, strerror(errno));
    why = fstat(fd, &st) != 0 ? strerror(errno) : file_fault(&st);
    len = why ? 0 : read(fd, data, LIMIT_ADMIN_TOKEN_FILE_BYTES);
    if (len < 0)
        why = strerror(errno);
    close(fd);
    if (why)
        return refuse(path, why);
    data[len] = '\0';
    return true;
}

static bool token_is_good(const char *token)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
    size_t len = strlen(token);

    return len >= LIMIT_ADMIN_TOKEN_BYTES_MIN && len <= LIMIT_ADMIN_TOKEN_BYTES &&
           strspn(token, allowed) == len;
}

/* The token in a line, and how much it may do: 2 everything, 1 look; 0: there is none. */
static int line_rank(char *line, char **token)
{
    char *first, *second, *state = NULL;

    first = strtok_r(line, " \t\r", &state);
    if (!first || *first == '#')
        return 0;
    second = strtok_r(NULL, " \t\r", &state);
    *token = second ? second : first;
    if (!token_is_good(*token) || strtok_r(NULL, " \t\r", &state))
        return 0;
    if (!second)
        return 2; /* nothing but a token */
    return strcmp(first, "full") == 0 ? 2 : strcmp(first, "read") == 0 ? 1 : 0;
}

bool admin_token_read(const char *path, char token[LIMIT_ADMIN_TOKEN_BYTES + 1])
{
    char data[LIMIT_ADMIN_TOKEN_FILE_BYTES + 1], *state = NULL;
    int best = 0;

    if (!file_read(path, data))
        return false;
    for (char *line = strtok_r(data, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char *found = NULL;
        int rank = line_rank(line, &found);

        if (rank <= best)
            continue;
        best = rank;
        (void)snprintf(token, LIMIT_ADMIN_TOKEN_BYTES + 1, "%s", found);
    }
    explicit_bzero(data, sizeof(data));
    return best > 0 || refuse(path, "has no token; expected a line 'full TOKEN' or 'read TOKEN'");
}
