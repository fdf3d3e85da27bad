/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of a file by client: the counts compared with a model, and which conflicting open is
 * found. */
#include "state/file/share.h"

#include "lib/test.h"
#include "wire/nfs4_const.h"

enum {
    CLIENTS = 5,
    OPENS = 40,
    STEPS = 20000,
};

/* Stands for struct open: only its link is used. */
struct model_open {
    struct list link;
    uint32_t client, access, deny; /* access 0: closed */
};

static struct model_open opens[OPENS];
static struct share_table table;
static char names[CLIENTS];

/* Clients are only compared. */
static struct client *client_of(uint32_t i)
{
    return (struct client *)(void *)&names[i];
}

static void open_change(struct model_open *open, uint32_t access, uint32_t deny)
{
    struct share_group *group = share_group_get(&table, client_of(open->client), NULL);

    if (open->access == 0) {
        list_init(&open->link);
        list_push_back(&group->opens, &open->link);
    }
    share_group_add(&table, group, access & ~open->access, deny & ~open->deny);
    share_group_sub(group, open->access & ~access, open->deny & ~deny);
    open->access = access;
    open->deny = deny;
}

static void open_close(struct model_open *open)
{
    struct share_group *group = share_group_lookup(&table, client_of(open->client), NULL);

    share_group_sub(group, open->access, open->deny);
    list_remove(&open->link);
    share_group_put(&table, group);
    open->access = open->deny = 0;
}

static struct file_share shares_of(uint32_t client)
{
    struct file_share share = {0};

    for (uint32_t i = 0; i < OPENS; i++) {
        if (opens[i].access && opens[i].client == client)
            file_share_add(&share, opens[i].access, opens[i].deny);
    }
    return share;
}

static bool note(struct share_group *group, void *arg)
{
    bool *met = arg;

    for (uint32_t i = 0; i < CLIENTS; i++)
        met[i] = met[i] || group->client == client_of(i);
    return true;
}

static void check(uint32_t access, uint32_t deny)
{
    bool met[CLIENTS] = {false};

    share_table_visit(&table, access, deny, note, met);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        const struct share_group *group = share_group_lookup(&table, client_of(i), NULL);
        const struct file_share share = shares_of(i);

        assert_int_equal(met[i], file_share_conflict(&share, access, deny));
        if (group)
            assert_memory_equal(&group->share, &share, sizeof(share));
        else
            assert_int_equal(share.access_read + share.access_write, 0);
    }
}

static void test_counts(void **unused)
{
    (void)unused;
    table = (struct share_table){.others_ready = false};
    share_table_init(&table);
    for (uint32_t step = 0; step < STEPS; step++) {
        struct model_open *open = &opens[(uint32_t)rand() % OPENS];

        if (open->access == 0)
            open->client = (uint32_t)rand() % CLIENTS;
        if (open->access != 0 && rand() % 2)
            open_close(open);
        else
            open_change(open, 1 + (uint32_t)rand() % 3, (uint32_t)rand() % 4);
        if (step % 16 == 0)
            check((uint32_t)rand() % 4, (uint32_t)rand() % 4);
    }
    for (uint32_t i = 0; i < OPENS; i++) {
        if (opens[i].access)
            open_close(&opens[i]);
    }
    share_table_fini(&table);
}

struct search {
    struct client *wanted;
    uint32_t looked_at;
};

static bool look(struct share_group *group, void *arg)
{
    struct search *search = arg;

    search->looked_at++;
    return group->client != search->wanted;
}

/* An open that was found is moved to the front, so finding it again is cheap. */
static void test_found_comes_first(void **unused)
{
    struct search search = {.wanted = client_of(CLIENTS - 1)};

    (void)unused;
    table = (struct share_table){.others_ready = false};
    share_table_init(&table);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        opens[i].client = i;
        open_change(&opens[i], OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE);
    }
    share_table_visit(&table, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_READ, look, &search);
    assert_int_equal(search.looked_at, CLIENTS);
    search.looked_at = 0;
    share_table_visit(&table, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_READ, look, &search);
    assert_int_equal(search.looked_at, 1);
    for (uint32_t i = 0; i < CLIENTS; i++)
        open_close(&opens[i]);
    share_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts),
                                       cmocka_unit_test(test_found_comes_first)};

    return test_group_run(tests);
}
