/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complaint.h"
#include "cli/listing.h"
#include "cli/value_text.h"

enum {
    SHOWN_MAX = 10 /* of those that a name could mean */
};

static bool is_id(const char *name)
{
    return strlen(name) == CLIENT_ID_CHARS && strspn(name, "0123456789abcdef") == CLIENT_ID_CHARS;
}

/* "192.0.2.7:812" has the address 192.0.2.7; "[2001:db8::1]:812" has 2001:db8::1. */
static bool address_matches(const char *address, const char *name)
{
    bool bracketed = *address == '[';
    size_t len = strlen(name);

    if (strcmp(address, name) == 0)
        return true;
    address += bracketed;
    return strncmp(address, name, len) == 0 &&
           (bracketed ? address[len] == ']'
                      : address[len] == ':' && !strchr(address + len + 1, ':'));
}

enum likeness {
    LIKE_NOTHING,
    LIKE_PART,
    LIKE_ALL,
};

static enum likeness client_likeness(const json_t *one, const char *name)
{
    const char *owner = json_string_value(json_object_get(one, "owner"));
    const char *address = json_string_value(json_object_get(one, "address"));

    if ((owner && strcmp(owner, name) == 0) || (address && address_matches(address, name)))
        return LIKE_ALL;
    return owner && *name && strstr(owner, name) ? LIKE_PART : LIKE_NOTHING;
}

/* The clients that are as much like the name as any. */
static json_t *matches(const json_t *all, const char *name, bool by_part)
{
    enum likeness best = by_part ? LIKE_PART : LIKE_ALL;
    json_t *found = json_array();

    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *one = json_array_get(all, i);
        enum likeness likeness = client_likeness(one, name);

        if (likeness < best)
            continue;
        if (likeness > best)
            (void)json_array_clear(found);
        best = likeness;
        CHECK(json_array_append(found, one) == 0);
    }
    return found;
}

static void clients_print(const json_t *found)
{
    size_t count = json_array_size(found);

    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        const json_t *one = json_array_get(found, i);
        char *id = value_text(json_object_get(one, "id"), VALUE_PLAIN);
        char *owner = value_text(json_object_get(one, "owner"), VALUE_PLAIN), *line;

        CHECK(asprintf(&line, "%s  %s", id ? id : "?", owner ? owner : "") > 0);
        complaint_add(line);
        free(line);
        free(owner);
        free(id);
    }
}

/* Those that have the name as a part of theirs may be meant. */
static void refuse_unknown(const json_t *all, const char *name, bool by_part)
{
    json_t *alike = matches(all, name, true);

    if (by_part || json_array_size(alike) == 0) {
        complaint_print("no client has the id, owner name or address '%s'; `mainstay client list` "
                        "shows all",
                        name);
    } else {
        complaint_print("'%s' is only a part of an owner name; here it must be the whole one, or "
                        "the id or the address of the client:",
                        name);
        clients_print(alike);
    }
    json_decref(alike);
}

static void refuse(const json_t *all, const json_t *found, const char *name, bool by_part)
{
    if (json_array_size(found) == 0) {
        refuse_unknown(all, name, by_part);
        return;
    }
    complaint_print("'%s' could be %zu clients; name one by its id:", name, json_array_size(found));
    clients_print(found);
}

bool client_name_resolve(struct admin_client *client, const char *name, bool by_part,
                         char id[CLIENT_ID_CHARS + 1])
{
    json_t *all, *found;
    const char *text;
    bool ok;

    if (is_id(name)) {
        (void)snprintf(id, CLIENT_ID_CHARS + 1, "%s", name);
        return true;
    }
    all = listing_get(client, "/clients", "items");
    if (!all)
        return false;
    found = matches(json_object_get(all, "items"), name, by_part);
    text = json_string_value(json_object_get(json_array_get(found, 0), "id"));
    ok = json_array_size(found) == 1 && text && is_id(text);
    if (ok)
        (void)snprintf(id, CLIENT_ID_CHARS + 1, "%s", text);
    else
        refuse(json_object_get(all, "items"), found, name, by_part);
    json_decref(found);
    json_decref(all);
    return ok;
}
