using System.Collections.Immutable;
using Naf.Kernels.Observation;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>What a picture of the task shows besides the model.</summary>
/// <param name="Camera">Name of the model's camera; null for its first, or for MuJoCo's free camera where it names none.</param>
/// <param name="Targets">Constants of the episode that the observation compares places with.</param>
/// <param name="Path">Places whose path is drawn.</param>
public sealed record PictureDefinition(string? Camera, ImmutableArray<Place> Targets, ImmutableArray<Place> Path);
