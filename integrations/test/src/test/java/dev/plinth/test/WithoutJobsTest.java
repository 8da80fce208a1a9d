package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The kit of somebody who has no jobs: this module's tests run without plinth-jobs. */
@PlinthTest
class WithoutJobsTest {
  @Test
  void jobs_areNotHere() {
    assertThatThrownBy(() -> Class.forName("dev.plinth.jobs.Jobs"))
        .isInstanceOf(ClassNotFoundException.class);
  }

  @Test
  void plinthTest_works(Plinth plinth, TestNodes nodes) {
    assertThat(plinth.modules()).extracting(module -> module.name()).doesNotContain("jobs");
    assertThat(nodes.start("second").plinth().isStarted()).isTrue();
  }

  @Test
  void everyClassButThoseForJobs_linksToNoJobs() throws Exception {
    Path classes =
        Path.of(PlinthTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    assertThat(classes).isDirectory();
    List<String> names;
    try (Stream<Path> files = Files.list(classes.resolve("dev/plinth/test"))) {
      names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
              .map(name -> "dev.plinth.test." + name.substring(0, name.length() - 6))
              .toList();
    }
    assertThat(names).hasSizeGreaterThan(20);
    for (String name : names) {
      byte[] code = Files.readAllBytes(classes.resolve(name.replace('.', '/') + ".class"));
      assertThat(new String(code, StandardCharsets.ISO_8859_1))
          .as(name)
          .doesNotContain("dev/plinth/jobs")
          .doesNotContain("dev/plinth/test/jobs");
    }
  }
}
