package dev.bulwark.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.IVersionProvider;

/** What runs: this program's version, the JVM's and the system's. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        Map<String, String> versions = all();
        return new String[] {"bulwark " + versions.get("bulwark") + " (Java " + versions.get("java") + ", "
                + versions.get("os") + ")"};
    }

    static Map<String, String> all() {
        String own = Version.class.getPackage().getImplementationVersion();
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("bulwark", own == null ? "development" : own);
        versions.put("java", System.getProperty("java.version"));
        versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch"));
        return versions;
    }
}
