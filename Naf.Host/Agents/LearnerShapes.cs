using Naf.Host.Settings;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Host.Agents;

/// <summary>The learner of an algorithm.</summary>
internal static class LearnerShapes
{
    /// <param name="state">Entries of an observation.</param>
    /// <param name="action">Entries of an action.</param>
    public static LearnerShape Of(LearningAlgorithm algorithm, LearnerSettings settings, int state, int action) =>
        algorithm switch
        {
            LearningAlgorithm.Ddpg => new DdpgShape(state, action, settings.Hidden, settings.Normalisation),
            _ => new NafShape(
                state, action, settings.Hidden, settings.SharedTrunk, settings.Normalisation, settings.TwinValues),
        };
}
