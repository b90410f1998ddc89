using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>An array of each learner on a device, one after the other in one buffer.</summary>
/// <param name="Buffer">Holds all of them; not owned.</param>
/// <param name="First">Where learner 0's begins, in floats.</param>
/// <param name="Row">Floats from where one learner's begins to where the next one's does.</param>
internal readonly record struct LearnerArray(DeviceBuffer<float> Buffer, long First, long Row);
