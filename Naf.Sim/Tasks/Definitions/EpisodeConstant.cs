namespace Naf.Sim.Tasks.Definitions;

/// <summary>A constant of the episode, such as the target: 1 to 3 numbers, the same in every episode or drawn at its reset.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Offset">First index in the vector of constants.</param>
/// <param name="Draw">How it is drawn.</param>
public sealed record EpisodeConstant(string Name, int Offset, Draw Draw);
