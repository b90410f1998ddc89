using Naf.Host.Settings;

namespace Naf.Cli.Commands;

/// <summary>What <c>naf train</c> was asked.</summary>
/// <param name="Task">The task; null with <paramref name="Resume"/>.</param>
/// <param name="Given">Settings from --set, then from explicit options.</param>
/// <param name="Config">A file of settings.</param>
/// <param name="Out">The folder of a new run.</param>
/// <param name="Resume">The folder of a run to go on with.</param>
/// <param name="Previous">Resume from the checkpoint before the newest.</param>
/// <param name="Accept">Resume although simulator or device differ.</param>
/// <param name="Json">Print one JSON object.</param>
internal sealed record TrainRequest(
    string? Task, IReadOnlyList<GivenValue> Given, string? Config, string? Out, string? Resume, bool Previous, bool Accept, bool Json);
