/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sound configuration file says ends in the struct, exports as --export makes them; what it
 * does not say has its default.  The two tables of keys are whole.
 */
#include "lib/test.h"

#include <netinet/in.h>

#include "admin/config/config_key.h"
#include "admin/config/config_reader.h"
#include "state/recovery/recovery.h"
#include "transport/transport.h"

static struct config *read_text(const char *text)
{
    struct config_faults faults = {0};
    struct config *config = config_read_bytes(text, strlen(text), NULL, &faults);

    for (uint32_t i = 0; i < faults.kept; i++)
        print_error("%u: %s\n", faults.of[i].line, faults.of[i].text);
    assert_non_null(config);
    assert_int_equal(faults.count, 0);
    config_faults_fini(&faults);
    return config;
}

static void everything(void **state)
{
    struct config *config =
        read_text("# a remark\n"
                  "listen:\n"
                  "  - 127.0.0.1:12049\n"
                  "  - \"[::1]:0\"\n"
                  "state: /srv/state\n"
                  "threads: 3\n"
                  "spin: 20\n"
                  "descriptors: 4096\n"
                  "lease: 60\n"
                  "grace: 0\n"
                  "slots: 32\n"
                  "reply_cache: 64\n"
                  "log: { level: debug, format: json, queue: 0 }\n"
                  "admin: [unix:/srv/socket, 127.0.0.1:9101, \"[::1]:9101\"]\n"
                  "admin_token: /srv/tokens\n"
                  "admin_open: true\n"
                  "admin_tls: mutual\n"
                  "gss: { keytab: /srv/keys }\n"
                  "tls: { cert: /srv/c, key: /srv/k, ca: /srv/a, crl: /srv/r, offload: off }\n"
                  "identity: { map: /srv/identities, domain: lab.example, realms: LAB.EXAMPLE,\n"
                  "            machine: map, owners: numbers, manage_gids: true, groups_ttl: 60 }\n"
                  "exports: [{ path: /, backend: mem }]\n"
                  "settings:\n"
                  "  nfs.max_minor_version: 1\n"
                  "  transport.max_connections: 100\n");

    (void)state;
    assert_int_equal(config->listen_count, 2);
    assert_int_equal(ntohs(((struct sockaddr_in *)&config->listen[0].addr)->sin_port), 12049);
    assert_int_equal(config->listen[1].addr.ss_family, AF_INET6);
    assert_string_equal(config->state_dir, "/srv/state");
    assert_int_equal(config->threads, 3);
    assert_int_equal(config->spin_us, 20);
    assert_int_equal(config->descriptors, 4096);
    assert_int_equal(config->lease_s, 60);
    assert_int_equal(config->grace_s, 0);
    assert_int_equal(config->slots, 32);
    assert_int_equal(config->reply_cache_mib, 64);
    assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
    assert_true(config->log_json);
    assert_int_equal(config->log_queue_kib, 0);
    assert_int_equal(config->export_count, 1);
    assert_int_equal(config->admin.count, 3);
    assert_string_equal(config->admin.at[0].path, "/srv/socket");
    assert_null(config->admin.at[1].path);
    assert_int_equal(config->admin.at[1].addr.ss_family, AF_INET);
    assert_int_equal(config->admin.at[2].addr.ss_family, AF_INET6);
    assert_string_equal(config->admin.token_file, "/srv/tokens");
    assert_true(config->admin.open && !config->admin.none);
    assert_int_equal(config->admin.tls, ADMIN_TLS_MUTUAL);
    assert_string_equal(config->keytab, "/srv/keys");
    assert_string_equal(config->tls.cert, "/srv/c");
    assert_string_equal(config->tls.key, "/srv/k");
    assert_string_equal(config->tls.ca, "/srv/a");
    assert_string_equal(config->tls.crl, "/srv/r");
    assert_false(config->tls.offload);
    assert_string_equal(config->identity.map, "/srv/identities");
    assert_string_equal(config->identity.domain, "lab.example");
    assert_string_equal(config->identity.realms, "LAB.EXAMPLE");
    assert_int_equal(config->identity.machine, IDENTITY_MACHINE_MAP);
    assert_int_equal(config->identity.owners, IDENTITY_OWNERS_NUMBERS);
    assert_true(config->identity.manage_gids);
    assert_int_equal(config->identity.groups_ttl_s, 60);
    assert_int_equal(config->export_lines[0], 22);
    assert_true(config->initial[SETTING_MAX_MINOR_VERSION].given);
    assert_int_equal(config->initial[SETTING_MAX_MINOR_VERSION].number, 1);
    assert_int_equal(config->setting_lines[SETTING_MAX_MINOR_VERSION], 24);
    assert_int_equal(config->initial[SETTING_MAX_CONNECTIONS].number, 100);
    assert_false(config->initial[SETTING_DELEGATIONS].given);
    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        assert_true(config->lines[i] > 0);
        assert_false(config->by_option[i]);
    }
    config_destroy(config);
}

static void defaults(void **state)
{
    struct config *config = read_text("slots: 8\n");

    (void)state;
    assert_int_equal(config->listen_count, 0);
    assert_null(config->state_dir);
    assert_int_equal(config->threads, 0);
    assert_int_equal(config->spin_us, TRANSPORT_SPIN_AUTO);
    assert_int_equal(config->descriptors, 0);
    assert_int_equal(config->lease_s, 90);
    assert_int_equal(config->grace_s, RECOVERY_GRACE_BY_LEASE);
    assert_int_equal(config->reply_cache_mib, 0);
    assert_int_equal(config->log_level, LOG_LEVEL_INFO);
    assert_false(config->log_json);
    assert_int_equal(config->log_queue_kib, 1024);
    assert_int_equal(config->admin.count, 0);
    assert_null(config->admin.token_file);
    assert_false(config->admin.open || config->admin.none);
    assert_true(config->tls.offload);
    assert_int_equal(config->export_count, 0);
    assert_int_equal(config->lines[CONFIG_SLOTS], 1);
    assert_int_equal(config->lines[CONFIG_LEASE], 0);
    config_destroy(config);
}

static void expect_same(const struct export_spec *a, const struct export_spec *b)
{
    assert_string_equal(a->path, b->path);
    assert_string_equal(a->backend, b->backend);
    assert_string_equal(a->arg, b->arg);
    assert_int_equal(a->read_only, b->read_only);
    assert_int_equal(a->strict_utf8, b->strict_utf8);
    assert_int_equal(a->async, b->async);
    assert_int_equal(a->attributes, b->attributes);
    assert_int_equal(a->squash, b->squash);
    assert_int_equal(a->ports, b->ports);
    assert_int_equal(a->anon_uid, b->anon_uid);
    assert_int_equal(a->anon_gid, b->anon_gid);
    assert_int_equal(a->has_fsid, b->has_fsid);
    assert_int_equal(a->fsid, b->fsid);
    assert_int_equal(a->client_count, b->client_count);
    for (uint32_t i = 0; i < a->client_count; i++)
        assert_memory_equal(&a->clients[i], &b->clients[i], sizeof(a->clients[i]));
}

static void exports_are_those_of_options(void **state)
{
    static const struct {
        const char *text, *option;
    } same[] = {
        {"{ path: /, backend: mem }", "/=mem:"},
        {"{ path: //a///b/, backend: mem, access: rw, changes: sync, squash: root_squash, "
         "ports: default, strict_utf8: false, sec: sys }",
         "/a/b=mem:"},
        {"{ path: /a, backend: local, argument: /srv/data, access: ro, changes: async, "
         "squash: all_squash, anonuid: 1000, anongid: 0, ports: secure, sec: sys, fsid: 7, "
         "strict_utf8: true, attribute_cache: watched, clients: [192.0.2.0/24, \"2001:db8::/32\", 198.51.100.7] }",
         "/a=local:/srv/data,ro,async,all_squash,anonuid=1000,anongid=0,secure,sec=sys,fsid=7,"
         "strict_utf8,attribute_cache=watched,client=192.0.2.0/24,client=2001:db8::/32,"
         "client=198.51.100.7"},
        {"{ path: /a, backend: mem, squash: no_root_squash, ports: insecure, "
         "fsid: 9223372036854775807, anonuid: 4294967295 }",
         "/a=mem:,no_root_squash,insecure,fsid=9223372036854775807,anonuid=4294967295"},
        {"{ path: \"/with: colon\", backend: local, argument: \"/srv/a,b\" }", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct export_spec spec;
        char text[512], error[256];
        struct config *config;

        (void)snprintf(text, sizeof(text), "exports:\n  - %s\n", same[i].text);
        config = read_text(text);
        assert_int_equal(config->export_count, 1);
        if (same[i].option) {
            if (!export_spec_parse(same[i].option, &spec, error, sizeof(error)))
                fail_msg("%s", error);
            expect_same(&config->exports[0], &spec);
            export_spec_fini(&spec);
        } else {
            assert_string_equal(config->exports[0].arg, "/srv/a,b"); /* no option can say that */
        }
        config_destroy(config);
    }
}

static const char *refuse_local(const struct export_spec *spec, char *error, size_t size)
{
    if (strcmp(spec->backend, "local") != 0)
        return NULL;
    (void)snprintf(error, size, "%s is not there", spec->arg);
    return "argument";
}

static void the_machine_is_asked(void **state)
{
    static const char text[] = "exports:\n"
                               "  - { path: /a, backend: mem }\n"
                               "  - path: /b\n"
                               "    backend: local\n"
                               "    access: ro\n"
                               "    argument: /none\n";
    struct config_faults faults = {0};

    (void)state;
    assert_null(config_read_bytes(text, sizeof(text) - 1, refuse_local, &faults));
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.of[0].line, 6);
    assert_string_equal(faults.of[0].text, "/none is not there");
    config_faults_fini(&faults);
}

static void other_ways_to_write_it(void **state)
{
    static const char *const texts[] = {
        "threads: 4",                      /* no end of line */
        "threads: 4\r\nlease: 90\r\n",     /* of other systems */
        "\xef\xbb\xbfthreads: 4\n",        /* a byte order mark */
        "--- \nthreads: 4\n...\n",         /* with its marks */
        "{ \"threads\": 4, lease: 90 }\n", /* as JSON */
        "%YAML 1.1\n---\nthreads: 4\n",
        "threads:   4   # a remark\n\n\n",
        "threads:\n  4\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config *config = read_text(texts[i]);

        assert_int_equal(config->threads, 4);
        config_destroy(config);
    }
}

static void key_is_whole(const struct config_key *key)
{
    char wants[CONFIG_WANTS_BYTES];

    assert_non_null(key->name);
    assert_non_null(key->help);
    assert_true(strlen(config_key_wants(key, wants)) > 0);
    if (key->kind == CONFIG_WORD || key->kind == CONFIG_FLAG)
        assert_non_null(key->words[key->usual]);
    if (key->kind == CONFIG_NUMBER && !key->usual_text)
        assert_in_range(key->usual, key->min, key->max);
}

static void tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        key_is_whole(&config_keys[i]);
        assert_non_null(config_keys[i].option);
    }
    for (size_t i = 0; i < CONFIG_EXPORT_KEY_COUNT; i++)
        key_is_whole(&config_export_keys[i]);
}

/* The example of each key is one. */
static void examples(void **state)
{
    char text[512];

    (void)state;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        const char *dot = strchr(key->name, '.');

        if (!key->example)
            continue;
        if (dot)
            (void)snprintf(text, sizeof(text), "%.*s: { %s: %s }\n", (int)(dot - key->name),
                           key->name, dot + 1, key->example);
        else
            (void)snprintf(text, sizeof(text), "%s: %s\n", key->name, key->example);
        config_destroy(read_text(text));
    }
    for (size_t i = 0; i < CONFIG_EXPORT_KEY_COUNT; i++) {
        const struct config_key *key = &config_export_keys[i];
        bool needed = key->kind == CONFIG_PATH || strcmp(key->name, "backend") == 0;

        (void)snprintf(text, sizeof(text), "exports: [{ path: /x, backend: mem, %s: %s }]\n",
                       needed ? "access" : key->name, needed ? "ro" : key->example);
        config_destroy(read_text(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(defaults),
        cmocka_unit_test(exports_are_those_of_options),
        cmocka_unit_test(the_machine_is_asked),
        cmocka_unit_test(other_ways_to_write_it),
        cmocka_unit_test(tables),
        cmocka_unit_test(examples),
    };

    return test_group_run(tests);
}
