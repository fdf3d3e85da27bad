/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: on XFS, where files can share blocks. */
#include "backend/local_fixture.h"
#include "lib/image.h"

int main(int argc, char **argv)
{
    local_setting.parent = image_mount("xfs");
    if (!local_setting.parent) {
        puts("skipped: " IMAGE_NEEDED("xfs"));
        return TEST_EXIT_SKIPPED;
    }
    local_setting.clones = true;
    return local_contract_main("local_xfs", argc, argv);
}
