
namespace Naf.Cli.Commands;

/// <summary>What <c>naf render</c> was asked.</summary>
/// <param name="Target">A run or a task.</param>
/// <param name="Out">The file to write.</param>
/// <param name="IsVideo">Whether it is a video.</param>
/// <param name="Policy">run, random, zero or mpc.</param>
/// <param name="Trajectory">The file to play in place of a policy.</param>
/// <param name="Learner">Which learner's policy; null for one that is not a run's.</param>
/// <param name="Seed">Seed of the starts.</param>
/// <param name="Episode">Number of the episode.</param>
/// <param name="Step">The state that a picture shows; null for the last.</param>
/// <param name="Camera">The model's camera; null for the task's.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Json">Whether to print JSON.</param>
internal sealed record RenderRequest(
    PolicyTarget Target, string Out, bool IsVideo, string Policy, string? Trajectory, int? Learner, ulong Seed, int Episode, int? Step,
    string? Camera, int Width, int Height, bool Json);
