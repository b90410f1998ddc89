using System.Collections.Immutable;
using Naf.Host.Settings;

namespace Naf.Cli.Bench;

/// <summary>--hidden of the benchmarks: read as the setting of that name.</summary>
internal static class BenchHidden
{
    /// <exception cref="Naf.Host.Common.UserException">It is not a list of sizes.</exception>
    public static ImmutableArray<int> Read(string? text, ImmutableArray<int> standard) =>
        text is null ? standard : SettingsResolver.Resolve([new GivenValue("hidden", text, "--hidden")]).Naf.Hidden;
}
