/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of what was said of an export, and in what two of them differ. */
#include <stdio.h>
#include <string.h>

#include "export/export.h"

void export_spec_copy(struct export_spec *copy, const struct export_spec *spec)
{
    *copy = *spec;
    if (spec->path)
        copy->path = must_strdup(spec->path);
    if (spec->backend)
        copy->backend = must_strdup(spec->backend);
    if (spec->arg)
        copy->arg = must_strdup(spec->arg);
    export_rules_copy(&copy->tls_peers, &spec->tls_peers);
    export_rules_copy(&copy->tls_users, &spec->tls_users);
}

bool export_spec_same_files(const struct export_spec *a, const struct export_spec *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->backend, b->backend) == 0 &&
           strcmp(a->arg, b->arg) == 0 && a->has_fsid == b->has_fsid &&
           (!a->has_fsid || a->fsid == b->fsid);
}

static bool clients_same(const struct export_spec *a, const struct export_spec *b)
{
    if (a->client_count != b->client_count)
        return false;
    for (uint32_t i = 0; i < a->client_count; i++) {
        const struct export_client *left = &a->clients[i], *right = &b->clients[i];

        if (left->family != right->family || left->prefix_bits != right->prefix_bits ||
            memcmp(left->addr, right->addr, sizeof(left->addr)) != 0)
            return false;
    }
    return true;
}

const char *export_spec_differences(const struct export_spec *a, const struct export_spec *b,
                                    char *text, size_t size)
{
    const struct {
        const char *name;
        bool differs;
    } all[] = {
        {"access", a->read_only != b->read_only},
        {"changes", a->async != b->async},
        {"squash", a->squash != b->squash},
        {"anonuid", a->anon_uid != b->anon_uid},
        {"anongid", a->anon_gid != b->anon_gid},
        {"ports", a->ports != b->ports},
        {"sec", !export_security_same_flavors(&a->security, &b->security)},
        {"xprtsec", !export_security_same_xprtsecs(&a->security, &b->security)},
        {"tls_peer", !export_rules_same(&a->tls_peers, &b->tls_peers)},
        {"tls_user", !export_rules_same(&a->tls_users, &b->tls_users)},
        {"strict_utf8", a->strict_utf8 != b->strict_utf8},
        {"security_label", a->security_label != b->security_label},
        {"attribute_cache", a->attributes != b->attributes},
        {"clients", !clients_same(a, b)},
    };
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(all) && used < size; i++) {
        if (all[i].differs)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", all[i].name);
    }
    return text;
}
